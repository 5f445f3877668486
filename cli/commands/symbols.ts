import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { orDash, table } from '../format.ts';

interface SymbolRow {
  readonly symbol: string;
  readonly status: string;
  readonly managed: boolean;
  readonly released: boolean;
  readonly leverage: number | null;
  readonly hold: string | null;
  readonly minNotionalQuote: string;
}

/** `3t symbols list`. */
export async function listSymbols(ctx: CommandContext): Promise<ExitCode> {
  const answer = await ctx.platform().get<{ nowMs: number; symbols: readonly SymbolRow[] }>('/api/symbols');
  ctx.print(answer, () =>
    table(
      ['SYMBOL', 'MANAGED', 'LISTED AS', 'LEVERAGE', 'MINIMUM', 'HOLD'],
      answer.symbols.map((s) => [
        s.symbol,
        s.released ? 'released' : s.managed ? ctx.paint('yes', 'green') : ctx.paint('closing', 'yellow'),
        s.status,
        s.leverage === null ? 'maximum' : String(s.leverage),
        s.minNotionalQuote,
        s.hold === null ? '-' : ctx.paint(orDash(s.hold), 'yellow'),
      ]),
    ),
  );
  return EXIT.ok;
}

/** `3t symbols add|remove <symbol>`. */
export async function editSymbol(
  ctx: CommandContext,
  action: 'add' | 'remove',
  symbol: string,
  options: { readonly leverage?: number; readonly reason?: string },
): Promise<ExitCode> {
  const body = { action, symbol, leverage: options.leverage, reason: options.reason };
  const answer = await ctx.platform().post<{ symbol: string }>('/api/symbols', body);
  ctx.print(answer, () =>
    action === 'add' ? `${answer.symbol} is managed` : `${answer.symbol} is being closed and is not opened again`,
  );
  return EXIT.ok;
}

/** `3t adopt|release <symbol> --reason …`: ends a HOLD; the position becomes 3T's, or the operator's. */
export async function endHold(
  ctx: CommandContext,
  action: 'adopt' | 'release',
  symbol: string,
  options: { readonly reason: string },
): Promise<ExitCode> {
  const answer = await ctx.platform().post<{ symbol: string }>(`/api/${action}`, { symbol, reason: options.reason });
  ctx.print(answer, () =>
    action === 'adopt'
      ? `${answer.symbol}: 3T goes on from the position as it is`
      : `${answer.symbol} is yours: 3T neither trades nor closes it until \`3t symbols add ${answer.symbol}\``,
  );
  return EXIT.ok;
}
