import { type CompiledQuery, sql } from 'kysely';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { LatestPrice, PricesRepository } from '#shared/ports/repositories/prices-repository.ts';
import type { Db } from '../open-database.ts';
import { inRequests } from '../request-chunks.ts';
import { inserted, jsonRows } from '../upsert.ts';

const TICK = {
  exchange: 'text',
  symbol: 'text',
  trade_id: 'text',
  venue_time_ms: 'bigint',
  price: 'text',
  size: 'text',
  side: 'text',
} as const;
const LATEST = {
  exchange: 'text',
  symbol: 'text',
  price: 'text',
  trade_id: 'text',
  venue_time_ms: 'bigint',
} as const;
const MARK = { symbol: 'text', mark_price: 'text', mark_time_ms: 'bigint' } as const;

const names = <K extends string>(columns: Readonly<Record<K, unknown>>): K[] => Object.keys(columns) as K[];
const from = (columns: object) => sql.join(names(columns as Record<string, unknown>).map((n) => sql.ref(`j.${n}`)));
/** The last one written wins among trades of one millisecond. */
const unlessOlder = <T>(column: string) =>
  sql<T>`case when ${inserted('venue_time_ms')} >= latest_prices.venue_time_ms then ${inserted(column)} else ${sql.ref(`latest_prices.${column}`)} end`;

const encode = (tick: TradeTick) => ({
  exchange: tick.exchange,
  symbol: tick.symbol,
  trade_id: tick.tradeId,
  venue_time_ms: tick.venueTimeMs,
  price: tick.price,
  size: tick.size,
  side: tick.side,
});

/** The newest trade of each symbol; of equal times the last. */
export function newestPerSymbol(ticks: readonly TradeTick[]): TradeTick[] {
  const newest = new Map<string, TradeTick>();
  for (const tick of ticks) {
    const key = `${tick.exchange}:${tick.symbol}`;
    const known = newest.get(key);
    if (!known || tick.venueTimeMs >= known.venueTimeMs) newest.set(key, tick);
  }
  return [...newest.values()];
}

/** Stand-ins in the statements below, which are compiled once: this is the busiest write of the platform. */
const NO_ROWS: readonly never[] = [];
const NO_ROWS_JSON = '[]';
const NO_TIME = -1;

const withParameters = (query: CompiledQuery, rows: readonly unknown[], receivedAtMs: number): CompiledQuery => ({
  ...query,
  parameters: query.parameters.map((p) =>
    p === NO_ROWS_JSON ? JSON.stringify(rows) : p === NO_TIME ? receivedAtMs : p,
  ),
});

const compileTicks = (db: Db): CompiledQuery =>
  db
    .insertInto('stream_data')
    .ignore()
    .columns([...names(TICK), 'received_at_ms'])
    .expression(
      sql<never>`select ${from(TICK)}, ${NO_TIME} from ${jsonRows(db, NO_ROWS, TICK)} as j where true` as never,
    )
    .compile();

const compileLatest = (db: Db): CompiledQuery =>
  db
    .insertInto('latest_prices')
    .columns([...names(LATEST), 'received_at_ms'])
    .expression(
      sql<never>`select ${from(LATEST)}, ${NO_TIME} from ${jsonRows(db, NO_ROWS, LATEST)} as j where true` as never,
    )
    .onDuplicateKeyUpdate({
      price: unlessOlder<string>('price'),
      trade_id: unlessOlder<string>('trade_id'),
      received_at_ms: unlessOlder<number>('received_at_ms'),
      // Last: the others compare with the stored one.
      venue_time_ms: unlessOlder<number>('venue_time_ms'),
    })
    .compile();

/** `stream_data` and `latest_prices`: two statements a batch, whatever its size. */
export function sqlPricesRepository(db: Db): PricesRepository {
  const insertTicks = compileTicks(db);
  const upsertLatest = compileLatest(db);
  return {
    async saveTicks(ticks, receivedAtMs) {
      if (ticks.length === 0) return { stored: 0 };
      const rows = ticks.map(encode);
      const newest = ticks.length === 1 ? rows : newestPerSymbol(ticks).map(encode);
      return db.transaction().execute(async (tx) => {
        let stored = 0;
        for (const chunk of inRequests(tx, rows)) {
          const result = await tx.executeQuery(withParameters(insertTicks, chunk, receivedAtMs));
          stored += Number(result.numAffectedRows ?? 0n);
        }
        await tx.executeQuery(withParameters(upsertLatest, newest, receivedAtMs));
        return { stored };
      });
    },

    async saveMarkPrices(exchange, marks) {
      if (marks.length === 0) return;
      const rows = marks.map((m) => ({ symbol: m.symbol, mark_price: m.markPrice, mark_time_ms: m.observedAtMs }));
      await db
        .insertInto('latest_prices')
        .columns([...names(LATEST), 'received_at_ms', 'mark_price', 'mark_time_ms'])
        .expression(
          sql<never>`select ${sql.join(names(LATEST).map((n) => sql.ref(`l.${n}`)))}, l.received_at_ms, j.mark_price, j.mark_time_ms
            from ${jsonRows(db, rows, MARK)} as j inner join latest_prices as l on l.exchange = ${exchange} and l.symbol = j.symbol
            where l.mark_time_ms is null or l.mark_time_ms < j.mark_time_ms` as never,
        )
        .onDuplicateKeyUpdate({ mark_price: inserted('mark_price'), mark_time_ms: inserted('mark_time_ms') })
        .execute();
    },

    async latest(exchange) {
      const rows = await db
        .selectFrom('latest_prices')
        .selectAll()
        .where('exchange', '=', exchange)
        .orderBy('symbol')
        .execute();
      return new Map(
        rows.map((row): [string, LatestPrice] => [
          row.symbol,
          {
            exchange: row.exchange,
            symbol: row.symbol,
            price: row.price,
            tradeId: row.trade_id,
            venueTimeMs: row.venue_time_ms,
            receivedAtMs: row.received_at_ms,
            markPrice: row.mark_price,
            markTimeMs: row.mark_time_ms,
          },
        ]),
      );
    },

    async pruneTicks(beforeMs, limit) {
      // MySQL takes no LIMIT in a subquery of IN, but in a derived table.
      const result = await sql`delete from stream_data where (exchange, symbol, trade_id) in (
        select exchange, symbol, trade_id from (
          select exchange, symbol, trade_id from stream_data where venue_time_ms < ${beforeMs} order by venue_time_ms limit ${limit}
        ) as oldest)`.execute(db);
      return Number(result.numAffectedRows ?? 0n);
    },
  };
}
