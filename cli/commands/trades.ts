import { feeText } from '#shared/core/orders/fee-text.ts';
import type { StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { CommandContext } from '../context.ts';
import { csvOf } from '../csv.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { orDash, table, timeText } from '../format.ts';
import { type ListOptions, listPath } from '../list-path.ts';

const PAGE_ROWS = 1000;

export interface TradesOptions extends Omit<ListOptions, 'limit'> {
  readonly limit?: number;
  readonly offset: number;
  readonly from?: number;
  readonly to?: number;
  readonly csv?: boolean;
}

interface Answer {
  readonly nowMs: number;
  readonly trades: readonly StoredFill[];
}

/** `3t trades`: fills, newest first; `--csv` has all of them within the times unless a limit is given. */
export async function trades(ctx: CommandContext, options: TradesOptions): Promise<ExitCode> {
  const { symbol, limit = options.csv ? Number.POSITIVE_INFINITY : 50 } = options;
  const more = {
    ...(options.from === undefined ? {} : { fromMs: String(options.from) }),
    ...(options.to === undefined ? {} : { toMs: String(options.to) }),
  };
  const page = (offset: number) =>
    ctx.read<Answer>(
      listPath(
        '/api/trades',
        { ...(symbol === undefined ? {} : { symbol }), limit: Math.min(PAGE_ROWS, limit - (offset - options.offset)) },
        { ...more, offset: String(offset) },
      ),
    );
  const first = await page(options.offset);
  const rows = [...first.trades];
  for (let last = first; last.trades.length === PAGE_ROWS && rows.length < limit; ) {
    last = await page(options.offset + rows.length);
    rows.push(...last.trades);
  }
  if (options.csv) {
    ctx.io.out(csvOf(COLUMNS, rows));
    return EXIT.ok;
  }
  ctx.print({ ...first, trades: rows }, () => {
    const next = rows.length === limit ? [`more: --offset ${options.offset + rows.length}`] : [];
    return [tableOf(ctx, rows), ...next].join('\n');
  });
  return EXIT.ok;
}

const COLUMNS: readonly (readonly [string, (fill: StoredFill) => string | number | boolean | null])[] = [
  ['time_utc', (f) => new Date(f.venueTimeMs).toISOString()],
  ['time_ms', (f) => f.venueTimeMs],
  ['symbol', (f) => f.symbol],
  ['side', (f) => f.side],
  ['size', (f) => f.size],
  ['price', (f) => f.price],
  ['fee_quote', (f) => f.feeQuote],
  ['closed_pnl_quote', (f) => f.closedPnlQuote],
  ['ours', (f) => f.ours],
  ['liquidation', (f) => f.liquidation],
  ['trade_id', (f) => f.tradeId],
  ['client_order_id', (f) => f.clientOrderId],
  ['venue_order_id', (f) => f.venueOrderId],
  ['fee', (f) => f.fee?.amount ?? null],
  ['fee_currency', (f) => f.fee?.currency ?? null],
];

const tableOf = (ctx: CommandContext, rows: readonly StoredFill[]): string =>
  table(
    ['TIME (UTC)', 'SYMBOL', 'SIDE', 'SIZE', 'PRICE', 'FEE', 'PROFIT', 'OURS', 'ORDER'],
    rows.map((f) => [
      timeText(f.venueTimeMs),
      f.symbol,
      f.side,
      f.size,
      f.price,
      feeText(f),
      f.closedPnlQuote,
      f.ours ? 'yes' : ctx.paint(f.liquidation ? 'liquidation' : 'foreign', 'red'),
      orDash(f.clientOrderId),
    ]),
  );
