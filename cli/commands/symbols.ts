import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { orDash, plain, table } from '../format.ts';

interface SymbolRow {
  readonly symbol: string;
  readonly status: string;
  readonly managed: boolean;
  readonly released: boolean;
  readonly leverage: number | null;
  readonly hold: string | null;
  readonly minNotionalQuote: string;
}

/** What the platform says of a symbol that it was told to change. */
export interface SymbolChange {
  readonly symbol: string;
  /** What was done, as the rest of a sentence that begins with the symbol. */
  readonly what: string;
  /** Reason of the HOLD that the symbol is on since. */
  readonly hold: string | null;
}

export function tell(ctx: CommandContext, answer: SymbolChange): ExitCode {
  ctx.print(
    answer,
    () => `${answer.symbol} ${ctx.paint(plain(answer.what), answer.hold === null ? 'green' : 'yellow')}`,
  );
  return EXIT.ok;
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

/** `3t symbols add|remove <symbol>`. Without `--adopt` or `--close` a symbol with a position of somebody else starts on HOLD. */
export async function editSymbol(
  ctx: CommandContext,
  action: 'add' | 'remove',
  symbol: string,
  options: {
    readonly leverage?: number;
    readonly reason?: string;
    readonly adopt?: boolean;
    readonly close?: boolean;
  },
): Promise<ExitCode> {
  const { leverage, reason, adopt, close } = options;
  const found = adopt ? 'adopt' : close ? 'close' : undefined;
  return tell(
    ctx,
    await ctx.platform().post<SymbolChange>('/api/symbols', { action, symbol, leverage, reason, found }),
  );
}

/** `3t adopt|release <symbol> --reason …`: ends a HOLD; the position becomes 3T's, or the operator's. */
export async function endHold(
  ctx: CommandContext,
  action: 'adopt' | 'release',
  symbol: string,
  options: { readonly reason: string },
): Promise<ExitCode> {
  return tell(ctx, await ctx.platform().post<SymbolChange>(`/api/${action}`, { symbol, reason: options.reason }));
}
