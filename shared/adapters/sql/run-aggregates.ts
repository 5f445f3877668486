import { type Kysely, sql } from 'kysely';
import type { RunAggregate } from '#shared/ports/repositories/runs-repository.ts';
import type { Database } from './database.ts';

interface AggregateRow {
  symbol: string;
  height: number | null;
  live_count: number;
  fresh_count: number;
  eligible_count: number;
  direction_sum: number;
  pnl_sum: number;
  wins: number;
  win_sum: number;
  losses: number;
  loss_sum: number;
  newest: number | null;
}

/** One statement over all runs of an exchange. MySQL answers sums as DECIMAL text: every figure passes Number. */
export async function readRunAggregates(
  db: Kysely<Database>,
  exchange: string,
  filter: { readonly livePnlAboveMicros: number; readonly freshSinceMs: number; readonly freshUntilMs: number },
): Promise<readonly RunAggregate[]> {
  const live = sql`ended_at_ms is null and exit_run = 0 and height is null`;
  const fresh = sql`${live} and updated_at_ms between ${filter.freshSinceMs} and ${filter.freshUntilMs}`;
  const eligible = sql`${fresh} and live_pnl_micros > ${filter.livePnlAboveMicros} and position_direction <> 0`;
  const sumIf = (condition: unknown, value: string) =>
    sql`coalesce(sum(case when ${condition} then ${sql.raw(value)} else 0 end), 0)`;
  const result = await sql<AggregateRow>`
      select symbol, height,
        ${sumIf(live, '1')} as live_count, ${sumIf(fresh, '1')} as fresh_count,
        ${sumIf(eligible, '1')} as eligible_count,
        ${sumIf(eligible, 'position_direction')} as direction_sum,
        ${sumIf(eligible, 'live_pnl_micros')} as pnl_sum,
        ${sumIf(sql`live_pnl_micros > 0`, '1')} as wins, ${sumIf(sql`live_pnl_micros > 0`, 'live_pnl_micros')} as win_sum,
        ${sumIf(sql`live_pnl_micros < 0`, '1')} as losses,
        ${sumIf(sql`live_pnl_micros < 0`, 'live_pnl_micros')} as loss_sum,
        max(case when ${live} then updated_at_ms end) as newest
      from runs where exchange = ${exchange} group by symbol, height order by symbol, height`.execute(db);
  return result.rows.map((row) => ({
    symbol: row.symbol,
    height: row.height === null ? null : Number(row.height),
    liveCount: Number(row.live_count),
    freshCount: Number(row.fresh_count),
    eligibleCount: Number(row.eligible_count),
    directionSum: Number(row.direction_sum),
    pnlSumMicros: Number(row.pnl_sum),
    count: Number(row.wins) + Number(row.losses),
    wins: Number(row.wins),
    winSumMicros: Number(row.win_sum),
    losses: Number(row.losses),
    lossSumMicros: Number(row.loss_sum),
    newestUpdateMs: row.newest === null ? null : Number(row.newest),
  }));
}
