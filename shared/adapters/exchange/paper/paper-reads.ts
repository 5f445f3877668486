import { type SqlBool, sql } from 'kysely';
import { dec } from '#shared/core/decimal.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Db } from '../../sql/open-database.ts';
import type { PastMatch, StoredTrade } from './look.ts';
import type { PaperMarket, PaperOrder } from './paper-desk.ts';
import { decodeMarket, decodeOrder } from './paper-rows.ts';

/** Whose books. */
export interface BooksOf {
  readonly exchange: string;
  readonly account: string;
}

const OPEN = ['open', 'partially-filled'];
/** Trades of one look; a longer backlog takes several. */
const TRADES_MAX = 20_000;
const TRADES_PAGE = 2_000;

export const accountRow = (db: Db, { exchange, account }: BooksOf) =>
  db
    .selectFrom('paper_accounts')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .executeTakeFirstOrThrow();

const ordersOf = (db: Db, { exchange, account }: BooksOf) =>
  db.selectFrom('paper_orders').selectAll().where('exchange', '=', exchange).where('account', '=', account);

/** Oldest first. Sorted here: for the sake of an order SQLite would walk through every order there ever was. */
export async function openOrders(db: Db, books: BooksOf): Promise<PaperOrder[]> {
  const rows = await ordersOf(db, books).where('status', 'in', OPEN).execute();
  return rows.map(decodeOrder).sort((a, b) => Number(a.venueOrderId) - Number(b.venueOrderId));
}

export const hasOpenOrders = async (db: Db, { exchange, account }: BooksOf): Promise<boolean> =>
  (await db
    .selectFrom('paper_orders')
    .select('venue_order_id')
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .where('status', 'in', OPEN)
    .limit(1)
    .executeTakeFirst()) !== undefined;

export async function orderOf(db: Db, books: BooksOf, clientOrderId: ClientOrderId): Promise<PaperOrder | null> {
  const row = await ordersOf(db, books).where('client_order_id', '=', clientOrderId).executeTakeFirst();
  return row ? decodeOrder(row) : null;
}

/** Oldest first. */
export const fillRows = (db: Db, { exchange, account }: BooksOf, sinceMs: EpochMs, limit: number) =>
  db
    .selectFrom('paper_fills')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .where('venue_time_ms', '>=', sinceMs)
    .orderBy('venue_time_ms')
    .orderBy('trade_id')
    .limit(limit)
    .execute();

/** Instruments with their newest stored prices; unknown symbols are absent. */
export async function marketsOf(
  db: Db,
  exchange: string,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, PaperMarket>> {
  if (symbols.length === 0) return new Map();
  const rows = await db
    .selectFrom('instruments as i')
    .leftJoin('latest_prices as l', (join) =>
      join.onRef('l.exchange', '=', 'i.exchange').onRef('l.symbol', '=', 'i.symbol'),
    )
    .select(['i.symbol', 'i.coin', 'i.dex', 'i.rules_json', 'i.max_leverage', 'i.min_notional_quote', 'i.status'])
    .select(['l.price', 'l.venue_time_ms', 'l.mark_price', 'l.mark_time_ms'])
    .where('i.exchange', '=', exchange)
    .where('i.symbol', 'in', [...symbols])
    .where('i.rules_json', 'is not', null)
    .orderBy('i.symbol')
    .execute();
  return new Map(rows.map((row) => [row.symbol, decodeMarket(row)]));
}

interface Place {
  readonly atMs: EpochMs;
  readonly symbol: string;
  readonly tradeId: string;
}

/** Public trades from a time on, oldest first; not whole where there were more than one look takes. */
export async function storedTrades(
  db: Db,
  exchange: string,
  symbols: readonly string[],
  fromMs: EpochMs,
): Promise<{ readonly trades: readonly StoredTrade[]; readonly isWhole: boolean }> {
  const trades: StoredTrade[] = [];
  let after: Place = { atMs: fromMs, symbol: '', tradeId: '' };
  while (trades.length < TRADES_MAX) {
    const { atMs, symbol, tradeId }: Place = after;
    const rows = await db
      .selectFrom('stream_data')
      .select(['symbol', 'trade_id', 'venue_time_ms', 'price', 'size'])
      .where('venue_time_ms', '>=', atMs)
      // "is true" keeps it from the primary key, by which SQLite would read the ticks of the whole day.
      .where(sql<SqlBool>`(exchange = ${exchange} and symbol in (${sql.join(symbols)})) is true`)
      .where(
        sql<SqlBool>`(venue_time_ms > ${atMs} or symbol > ${symbol} or (symbol = ${symbol} and trade_id > ${tradeId}))`,
      )
      .orderBy('venue_time_ms')
      .orderBy('symbol')
      .orderBy('trade_id')
      .limit(TRADES_PAGE)
      .execute();
    for (const row of rows) {
      trades.push({
        symbol: row.symbol,
        tradeId: row.trade_id,
        price: dec(row.price),
        size: dec(row.size),
        venueTimeMs: row.venue_time_ms,
      });
    }
    const end = rows.at(-1);
    if (rows.length < TRADES_PAGE || end === undefined) return { trades, isWhole: true };
    after = { atMs: end.venue_time_ms, symbol: end.symbol, tradeId: end.trade_id };
  }
  return { trades, isWhole: false };
}

/** Executions against public trades from a time on. */
export async function pastMatches(
  db: Db,
  { exchange, account }: BooksOf,
  symbols: readonly string[],
  fromMs: EpochMs,
): Promise<PastMatch[]> {
  const rows = await db
    .selectFrom('paper_fills')
    .select(['symbol', 'matched_trade_id', 'price', 'size'])
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .where('symbol', 'in', [...symbols])
    .where('venue_time_ms', '>=', fromMs)
    .where('matched_trade_id', 'is not', null)
    .execute();
  return rows.map((row) => ({
    symbol: row.symbol,
    matchedTradeId: row.matched_trade_id!,
    price: dec(row.price),
    size: dec(row.size),
  }));
}
