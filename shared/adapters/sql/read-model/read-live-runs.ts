import { sql } from 'kysely';
import type { RunsView } from '#shared/ports/repositories/read-model.ts';
import type { Db } from '../open-database.ts';

/** One statement: the live runs that no cohort has closed, by symbol and strategy. */
export async function readLiveRuns(db: Db, exchange: string): Promise<readonly RunsView[]> {
  const sum = (condition: string) => sql<number>`sum(case when ${sql.raw(condition)} then 1 else 0 end)`;
  const rows = await db
    .selectFrom('runs')
    .select(['symbol', 'strategy', sql<number>`count(*)`.as('live')])
    .select([
      sum('position_direction > 0').as('long_count'),
      sum('position_direction < 0').as('short_count'),
      sum('live_pnl_micros > 0').as('winning'),
      sum('live_pnl_micros < 0').as('losing'),
      sql<number>`sum(position_direction)`.as('direction'),
      sql<number>`sum(live_pnl_micros)`.as('pnl'),
      sql<number | null>`max(updated_at_ms)`.as('newest'),
    ])
    .where('exchange', '=', exchange)
    .where('ended_at_ms', 'is', null)
    .where('exit_run', '=', 0)
    .where('height', 'is', null)
    .groupBy(['symbol', 'strategy'])
    .orderBy('symbol')
    .orderBy('strategy')
    .execute();
  return rows.map((row) => ({
    symbol: row.symbol,
    strategy: row.strategy,
    live: Number(row.live),
    long: Number(row.long_count),
    short: Number(row.short_count),
    winning: Number(row.winning),
    losing: Number(row.losing),
    directionSum: Number(row.direction),
    pnlMicros: Number(row.pnl),
    newestUpdateMs: row.newest === null ? null : Number(row.newest),
  }));
}
