import { sql } from 'kysely';
import { decimalText } from '#shared/core/decimal.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Db } from '../../sql/open-database.ts';
import { inserted, type JsonColumn, jsonRows } from '../../sql/upsert.ts';
import type { PaperDesk } from './paper-desk.ts';
import type { BooksOf } from './paper-reads.ts';
import { encodeFill, encodeLeverage, encodeOrder, encodePositions } from './paper-rows.ts';

const ORDER_COLUMNS = {
  venue_order_id: 'text',
  client_order_id: 'text',
  symbol: 'text',
  side: 'text',
  size: 'text',
  limit_price: 'text',
  time_in_force: 'text',
  reduce_only: 'int',
  filled_size: 'text',
  status: 'text',
  venue_status: 'text',
  accepted_at_ms: 'bigint',
  status_at_ms: 'bigint',
} as const;
const FILL_COLUMNS = {
  trade_id: 'text',
  venue_order_id: 'text',
  client_order_id: 'text',
  symbol: 'text',
  side: 'text',
  price: 'text',
  size: 'text',
  fee_quote: 'text',
  closed_pnl_quote: 'text',
  start_position: 'text',
  crossed: 'int',
  liquidation: 'int',
  matched_trade_id: 'text',
  venue_time_ms: 'bigint',
} as const;

const namesOf = <K extends string>(columns: Readonly<Record<K, unknown>>): K[] => Object.keys(columns) as K[];

const rowsOf = (
  db: Db,
  { exchange, account }: BooksOf,
  columns: Readonly<Record<string, JsonColumn>>,
  rows: Record<string, unknown>[],
) =>
  sql<never>`select ${exchange}, ${account}, ${sql.join(namesOf(columns).map((n) => sql.ref(`j.${n}`)))}
    from ${jsonRows(db, rows, columns)} as j where true` as never;

/** Writes what happened on the desk: three statements, however much it was. */
export async function saveDesk(tx: Db, books: BooksOf, desk: PaperDesk, lookedFromMs: EpochMs): Promise<void> {
  if (desk.changedOrders.size > 0) {
    await tx
      .insertInto('paper_orders')
      .columns(['exchange', 'account', ...namesOf(ORDER_COLUMNS)])
      .expression(rowsOf(tx, books, ORDER_COLUMNS, [...desk.changedOrders].map(encodeOrder)))
      .onDuplicateKeyUpdate({
        filled_size: inserted('filled_size'),
        status: inserted('status'),
        venue_status: inserted('venue_status'),
        status_at_ms: inserted('status_at_ms'),
      })
      .execute();
  }
  if (desk.newFills.length > 0) {
    await tx
      .insertInto('paper_fills')
      .columns(['exchange', 'account', ...namesOf(FILL_COLUMNS)])
      .expression(rowsOf(tx, books, FILL_COLUMNS, desk.newFills.map(encodeFill)))
      .execute();
  }
  await tx
    .updateTable('paper_accounts')
    .set({
      raw_quote: decimalText(desk.rawQuote),
      positions_json: encodePositions(desk.positions),
      leverage_json: encodeLeverage(desk.leverage),
      last_id: desk.lastId,
      looked_from_ms: lookedFromMs,
      ...(desk.changedOrders.size > 0 ? { venue_time_ms: desk.nowMs } : {}),
    })
    .where('exchange', '=', books.exchange)
    .where('account', '=', books.account)
    .execute();
}
