import { sql } from 'kysely';
import { HOUR_MS } from '#shared/core/time.ts';
import type { MetricsView } from '#shared/ports/repositories/read-model.ts';
import type { Db } from '../open-database.ts';
import { readHistory } from './read-history.ts';

const HEIGHT_ROWS_MAX = 1000;
/** Ages of more live runs than this are sampled by the youngest. */
const RUN_STARTS_MAX = 5000;

export async function readMetrics(db: Db, exchange: string, account: string, nowMs: number): Promise<MetricsView> {
  const candles = await db
    .selectFrom('fetch_state')
    .select(['symbol', 'timeframe', 'last_final_open_ms'])
    .where('exchange', '=', exchange)
    .orderBy('symbol')
    .orderBy('timeframe')
    .execute();
  const completed = await db
    .selectFrom('runs')
    .select(sql<number>`count(*)`.as('n'))
    .where('exchange', '=', exchange)
    .where('ended_at_ms', 'is not', null)
    .executeTakeFirstOrThrow();
  const starts = await db
    .selectFrom('runs')
    .select('started_at_ms')
    .where('exchange', '=', exchange)
    .where('ended_at_ms', 'is', null)
    .where('height', 'is', null)
    .orderBy('started_at_ms', 'desc')
    .limit(RUN_STARTS_MAX)
    .execute();
  const orders = await db
    .selectFrom('order_execution_log')
    .select(sql<number>`count(*)`.as('n'))
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .where('created_at_ms', '>=', nowMs - HOUR_MS)
    .executeTakeFirstOrThrow();
  const decisions = await db
    .selectFrom('decisions')
    .select(['kind', 'code', sql<number>`count(*)`.as('n')])
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .where('created_at_ms', '>=', nowMs - HOUR_MS)
    .groupBy(['kind', 'code'])
    .orderBy('kind')
    .orderBy('code')
    .execute();
  return {
    candleTimes: candles.map((row) => ({
      symbol: row.symbol,
      timeframe: row.timeframe,
      lastFinalOpenMs: row.last_final_open_ms,
    })),
    heights: await readHistory(db).heights(exchange, HEIGHT_ROWS_MAX),
    completedRuns: Number(completed.n),
    runStartsMs: starts.map((row) => row.started_at_ms),
    ordersLastHour: Number(orders.n),
    decisionsLastHour: decisions.map((row) => ({ kind: row.kind, code: row.code, count: Number(row.n) })),
  };
}
