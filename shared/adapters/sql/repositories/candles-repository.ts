import { type Selectable, sql } from 'kysely';
import type { Candle } from '#shared/core/market/candle.ts';
import type { Timeframe } from '#shared/core/time.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';
import type { Database } from '../database.ts';
import type { Db } from '../open-database.ts';
import { inserted, jsonRows } from '../upsert.ts';

const CANDLE = {
  exchange: 'text',
  symbol: 'text',
  timeframe: 'text',
  open_time_ms: 'bigint',
  open: 'text',
  high: 'text',
  low: 'text',
  close: 'text',
  volume: 'text',
  final: 'int',
} as const;
const NAMES = Object.keys(CANDLE) as (keyof typeof CANDLE)[];

const encode = (c: Candle) => ({
  exchange: c.exchange,
  symbol: c.symbol,
  timeframe: c.timeframe,
  open_time_ms: c.openTimeMs,
  open: c.open,
  high: c.high,
  low: c.low,
  close: c.close,
  volume: c.volume,
  final: c.final ? 1 : 0,
});

const decode = (row: Selectable<Database['market_data']>): Candle => ({
  exchange: row.exchange,
  symbol: row.symbol,
  timeframe: row.timeframe as Timeframe,
  openTimeMs: row.open_time_ms,
  open: row.open,
  high: row.high,
  low: row.low,
  close: row.close,
  volume: row.volume,
  final: row.final === 1,
});

/** A final bar is never replaced by a running one. */
const unlessLessFinal = <T>(column: string) =>
  sql<T>`case when ${inserted('final')} >= market_data.final then ${inserted(column)} else ${sql.ref(`market_data.${column}`)} end`;

export function sqlCandlesRepository(db: Db): CandlesRepository {
  return {
    async save(candles, storedAtMs) {
      if (candles.length === 0) return;
      await db
        .insertInto('market_data')
        .columns([...NAMES, 'updated_at_ms'])
        .expression(
          sql<never>`select ${sql.join(NAMES.map((n) => sql.ref(`j.${n}`)))}, ${storedAtMs} from ${jsonRows(db, candles.map(encode), CANDLE)} as j where true` as never,
        )
        .onDuplicateKeyUpdate({
          open: unlessLessFinal<string>('open'),
          high: unlessLessFinal<string>('high'),
          low: unlessLessFinal<string>('low'),
          close: unlessLessFinal<string>('close'),
          volume: unlessLessFinal<string>('volume'),
          updated_at_ms: unlessLessFinal<number>('updated_at_ms'),
          // Last: the others compare with the stored one.
          final: unlessLessFinal<0 | 1>('final'),
        })
        .execute();
    },

    async range(exchange, symbol, timeframe, fromMs, toMs, limit) {
      const rows = await db
        .selectFrom('market_data')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .where('timeframe', '=', timeframe)
        .where('open_time_ms', '>=', fromMs)
        .where('open_time_ms', '<=', toMs)
        .orderBy('open_time_ms')
        .limit(limit)
        .execute();
      return rows.map(decode);
    },

    async prune(timeframe, beforeMs, limit) {
      const result = await sql`delete from market_data where (exchange, symbol, timeframe, open_time_ms) in (
        select exchange, symbol, timeframe, open_time_ms from (
          select exchange, symbol, timeframe, open_time_ms from market_data
          where timeframe = ${timeframe} and open_time_ms < ${beforeMs} order by open_time_ms limit ${limit}
        ) as oldest)`.execute(db);
      return Number(result.numAffectedRows ?? 0n);
    },
  };
}
