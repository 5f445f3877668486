import type { StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { orDash, table, timeText } from '../format.ts';
import { type ListOptions, listPath } from '../list-path.ts';

/** `3t trades`: fills, newest first. */
export async function trades(ctx: CommandContext, options: ListOptions): Promise<ExitCode> {
  const answer = await ctx
    .platform()
    .get<{ nowMs: number; trades: readonly StoredFill[] }>(listPath('/api/trades', options));
  ctx.print(answer, () =>
    table(
      ['TIME (UTC)', 'SYMBOL', 'SIDE', 'SIZE', 'PRICE', 'FEE', 'PROFIT', 'OURS', 'ORDER'],
      answer.trades.map((f) => [
        timeText(f.venueTimeMs),
        f.symbol,
        f.side,
        f.size,
        f.price,
        f.feeQuote ?? 'unknown',
        f.closedPnlQuote,
        f.ours ? 'yes' : ctx.paint(f.liquidation ? 'liquidation' : 'foreign', 'red'),
        orDash(f.clientOrderId),
      ]),
    ),
  );
  return EXIT.ok;
}
