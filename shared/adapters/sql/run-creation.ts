import { type Kysely, sql } from 'kysely';
import type { NewRun } from '#shared/core/runs/plan-population.ts';
import type { Database } from './database.ts';
import { inserted, jsonRows } from './upsert.ts';

/** Cohorts must exist before a version can guard them. */
export async function insertMissingCohorts(
  trx: Kysely<Database>,
  exchange: string,
  symbols: readonly string[],
): Promise<void> {
  if (symbols.length === 0) return;
  const rows = symbols.map((symbol) => ({
    exchange,
    symbol,
    version: 0,
    last_trade_time_ms: 0,
    last_trade_ids_json: '[]',
    bars_json: '{"f":null,"r":[]}',
    data_state: 'warming-up',
    data_state_since_ms: 0,
    updated_at_ms: 0,
  }));
  await trx
    .insertInto('run_cohorts')
    .values(rows)
    .onDuplicateKeyUpdate({ symbol: inserted('symbol') })
    .execute();
}

/** Its first runs begin its warm-up. A symbol without live runs has strategies that know nothing: its desired position is unknown until they do. */
export async function raiseForNewRuns(
  trx: Kysely<Database>,
  exchange: string,
  symbols: readonly string[],
  atMs: number,
): Promise<void> {
  const cold = sql`run_cohorts.data_state <> 'warming-up' and not exists (select 1 from runs as r
    where r.exchange = run_cohorts.exchange and r.symbol = run_cohorts.symbol
      and r.ended_at_ms is null and r.exit_run = 0 and r.height is null)`;
  await sql`update run_cohorts set
      data_state_since_ms = case when ${cold} or data_state_since_ms = 0 then ${atMs} else data_state_since_ms end,
      data_state = case when ${cold} then 'warming-up' else data_state end,
      version = version + 1
    where exchange = ${exchange} and symbol in (${sql.join(symbols)})`.execute(trx);
}

export async function insertRuns(trx: Kysely<Database>, runs: readonly NewRun[], atMs: number): Promise<void> {
  const rows = runs.map((run) => ({
    k: run.creationKey,
    x: run.exchange,
    y: run.symbol,
    n: run.strategy,
    p: run.paramsJson,
    s: run.state,
    b: run.startBalanceMicros,
    t: run.startedAtMs,
  }));
  const source = jsonRows(trx, rows, {
    k: 'text',
    x: 'text',
    y: 'text',
    n: 'text',
    p: 'text',
    s: 'text',
    b: 'bigint',
    t: 'bigint',
  });
  await sql`insert into runs (creation_key, exchange, symbol, strategy, params_json, state, position_direction,
      live_pnl_micros, start_balance_micros, exit_run, started_at_ms, updated_at_ms)
    select j.k, j.x, j.y, j.n, j.p, j.s, 0, 0, j.b, 0, j.t, ${atMs} from ${source} as j`.execute(trx);
}
