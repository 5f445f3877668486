import { sql, type Transaction } from 'kysely';
import {
  type Cohort,
  type DataState,
  decodeCohortBars,
  encodeCohortBars,
  newCohort,
} from '#shared/core/runs/cohort.ts';
import type { NewRun } from '#shared/core/runs/plan-population.ts';
import type { LiveRunRow } from '#shared/core/runs/run-row.ts';
import type { TakeProfitState } from '#shared/core/runs/take-profit.ts';
import type {
  CohortHealth,
  CohortRows,
  CohortSave,
  CohortSaveOutcome,
  CohortStop,
  LiveRuns,
  RunAggregate,
  RunsRepository,
} from '#shared/ports/repositories/runs-repository.ts';
import type { Database } from './database.ts';
import { readRunAggregates } from './run-aggregates.ts';
import { insertMissingCohorts, insertRuns, raiseForNewRuns } from './run-creation.ts';
import { SqlTakeProfitStates } from './take-profit-states.ts';
import { updateFromJson } from './update-from-json.ts';
import { jsonRows } from './upsert.ts';

/** Rolls the transaction back; never leaves this file. */
class GuardFailed extends Error {}

/** `runs` and `run_cohorts` on SQLite or MySQL. Bulk writes are one JSON parameter each. */
export class SqlRunsRepository extends SqlTakeProfitStates implements RunsRepository {
  async loadCohorts(exchange: string, symbols: readonly string[]): Promise<readonly CohortRows[]> {
    if (symbols.length === 0) return [];
    // The version first: a change between the two reads then fails the guard of the save.
    const cohortRows = await this.db
      .selectFrom('run_cohorts')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('symbol', 'in', symbols)
      // As all that may be more than one response of the Data API takes: it is read in pages, which need an order.
      .orderBy('symbol')
      .execute();
    const runRows = await this.db
      .selectFrom('runs')
      .select(['id', 'symbol', 'strategy', 'params_json', 'state', 'position_direction', 'live_pnl_micros'])
      .select(['start_balance_micros', 'started_at_ms'])
      .where('exchange', '=', exchange)
      .where('symbol', 'in', symbols)
      .where('ended_at_ms', 'is', null)
      .where('exit_run', '=', 0)
      .where('height', 'is', null)
      .orderBy('id')
      .execute();
    const bySymbol = new Map<string, LiveRunRow[]>(symbols.map((symbol) => [symbol, []]));
    for (const row of runRows) {
      bySymbol.get(row.symbol)?.push({
        id: row.id,
        symbol: row.symbol,
        strategy: row.strategy,
        paramsJson: row.params_json,
        state: row.state,
        positionDirection: row.position_direction,
        livePnlMicros: row.live_pnl_micros,
        startBalanceMicros: row.start_balance_micros,
        startedAtMs: row.started_at_ms,
      });
    }
    const cohorts = new Map(cohortRows.map((row) => [row.symbol, cohortOf(row)]));
    return symbols.map((symbol) => ({
      cohort: cohorts.get(symbol) ?? newCohort(exchange, symbol),
      runs: bySymbol.get(symbol) ?? [],
    }));
  }

  async saveCohorts(exchange: string, saves: readonly CohortSave[]): Promise<CohortSaveOutcome> {
    if (saves.length === 0) return { kind: 'saved' };
    try {
      await this.db.transaction().execute(async (trx) => {
        const unborn = saves.filter((save) => save.cohort.version === 0).map((save) => save.cohort.symbol);
        await insertMissingCohorts(trx, exchange, unborn);
        await guardedCohortUpdate(trx, exchange, saves);
        await updateRuns(trx, saves);
        await touchRuns(trx, exchange, saves);
      });
      return { kind: 'saved' };
    } catch (error) {
      if (error instanceof GuardFailed) return { kind: 'conflict', symbols: saves.map((save) => save.cohort.symbol) };
      throw error;
    }
  }

  async liveRuns(exchange: string): Promise<ReadonlyMap<string, LiveRuns>> {
    const rows = await this.db
      .selectFrom('runs')
      .select((eb) => ['symbol', eb.fn.countAll<number>().as('live'), eb.fn.max('started_at_ms').as('newest')])
      .where('exchange', '=', exchange)
      .where('ended_at_ms', 'is', null)
      .where('exit_run', '=', 0)
      .where('height', 'is', null)
      .groupBy('symbol')
      .orderBy('symbol')
      .execute();
    return new Map(rows.map((r) => [r.symbol, { count: Number(r.live), newestStartMs: Number(r.newest) }]));
  }

  async createRuns(exchange: string, runs: readonly NewRun[], atMs: number): Promise<number> {
    if (runs.length === 0) return 0;
    return this.db.transaction().execute(async (trx) => {
      const keys = jsonRows(
        trx,
        runs.map((run) => ({ k: run.creationKey })),
        { k: 'text' },
      );
      const existing = await sql<{ creation_key: string }>`
        select r.creation_key from runs as r where r.creation_key in (select j.k from ${keys} as j)`.execute(trx);
      const known = new Set(existing.rows.map((row) => row.creation_key));
      const fresh = runs.filter((run) => !known.has(run.creationKey));
      if (fresh.length === 0) return 0;
      const symbols = [...new Set(fresh.map((run) => run.symbol))];
      await insertMissingCohorts(trx, exchange, symbols);
      await raiseForNewRuns(trx, exchange, symbols, atMs);
      await insertRuns(trx, fresh, atMs);
      return fresh.length;
    });
  }

  async endRunsExcept(exchange: string, symbols: readonly string[], reason: string, atMs: number): Promise<number> {
    return this.db.transaction().execute(async (trx) => {
      let cohorts = trx
        .updateTable('run_cohorts')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('exchange', '=', exchange);
      let runs = trx
        .updateTable('runs')
        .set((eb) => ({
          end_balance_micros: eb('start_balance_micros', '+', eb.ref('live_pnl_micros')),
          end_reason: reason,
          ended_at_ms: atMs,
        }))
        .where('exchange', '=', exchange)
        .where('ended_at_ms', 'is', null)
        .where('exit_run', '=', 0)
        .where('height', 'is', null);
      if (symbols.length > 0) {
        cohorts = cohorts.where('symbol', 'not in', symbols);
        runs = runs.where('symbol', 'not in', symbols);
      }
      const ended = Number((await runs.executeTakeFirst()).numUpdatedRows);
      if (ended > 0) await cohorts.execute();
      return ended;
    });
  }

  async purge(exchange: string, beforeMs: number, limit: number): Promise<number> {
    // The derived table: MySQL does not delete from a table that a subquery reads.
    const result = await sql`
      delete from runs where id in (select d.id from (
        select id from runs where exchange = ${exchange} and height is null and ended_at_ms < ${beforeMs}
        order by id limit ${sql.lit(limit)}) as d)`.execute(this.db);
    return Number(result.numAffectedRows ?? 0);
  }

  async aggregates(
    exchange: string,
    filter: { readonly livePnlAboveMicros: number; readonly freshSinceMs: number; readonly freshUntilMs: number },
  ): Promise<readonly RunAggregate[]> {
    return readRunAggregates(this.db, exchange, filter);
  }

  async cohortHealth(exchange: string): Promise<ReadonlyMap<string, CohortHealth>> {
    const rows = await this.db
      .selectFrom('run_cohorts')
      .select(['symbol', 'data_state', 'data_state_since_ms', 'last_trade_time_ms'])
      .where('exchange', '=', exchange)
      .orderBy('symbol')
      .execute();
    return new Map(
      rows.map((row) => [
        row.symbol,
        {
          symbol: row.symbol,
          dataState: dataStateOf(row.data_state),
          dataStateSinceMs: row.data_state_since_ms,
          lastTradeTimeMs: row.last_trade_time_ms,
        },
      ]),
    );
  }

  async saveTakeProfitState(
    state: TakeProfitState,
    stop: CohortStop | null,
  ): Promise<{ readonly stopped: number } | null> {
    return this.db.transaction().execute(async (trx) => {
      if (!(await this.compareAndSet(trx, state))) return null;
      if (!stop) return { stopped: 0 };
      const stopped = await trx
        .updateTable('runs')
        .set((eb) => ({
          end_balance_micros: eb('start_balance_micros', '+', eb.ref('live_pnl_micros')),
          end_reason: stop.reason,
          exit_run: 1,
          ended_at_ms: stop.atMs,
          // Last: the condition reads it, and MySQL assigns from left to right.
          height: stop.height,
        }))
        .where('exchange', '=', state.exchange)
        .where('ended_at_ms', 'is', null)
        .where('exit_run', '=', 0)
        .where('height', 'is', null)
        .executeTakeFirst();
      await trx
        .updateTable('run_cohorts')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('exchange', '=', state.exchange)
        .execute();
      return { stopped: Number(stopped.numUpdatedRows) };
    });
  }
}

function cohortOf(row: Database['run_cohorts']): Cohort {
  return {
    exchange: row.exchange,
    symbol: row.symbol,
    version: row.version,
    lastTradeTimeMs: row.last_trade_time_ms,
    lastTradeIds: JSON.parse(row.last_trade_ids_json) as string[],
    dataState: dataStateOf(row.data_state),
    dataStateSinceMs: row.data_state_since_ms,
    // Bars that cannot be read are bars that nobody has: the next tick starts again, cold.
    ...(decodeCohortBars(row.bars_json) ?? { forming: null, recent: [] }),
  };
}

/** A word that this version does not know is not `live`. */
const dataStateOf = (text: string): DataState => (text === 'live' || text === 'warming-up' ? text : 'data-gap');

/** Writes the cohorts whose version is still the one that was loaded; fewer than all fails the transaction. */
async function guardedCohortUpdate(
  trx: Transaction<Database>,
  exchange: string,
  saves: readonly CohortSave[],
): Promise<void> {
  const changed = await updateFromJson(trx, {
    table: 'run_cohorts',
    columns: {
      symbol: 'longtext',
      v: 'bigint',
      t: 'bigint',
      ids: 'longtext',
      bars: 'longtext',
      ds: 'longtext',
      since: 'bigint',
      at: 'bigint',
      exchange: 'longtext',
    },
    rows: saves.map(({ cohort, updatedAtMs }) => [
      cohort.symbol,
      cohort.version,
      cohort.lastTradeTimeMs,
      JSON.stringify(cohort.lastTradeIds),
      encodeCohortBars(cohort),
      cohort.dataState,
      cohort.dataStateSinceMs,
      updatedAtMs,
      exchange,
    ]),
    set: {
      last_trade_time_ms: 'j.t',
      last_trade_ids_json: 'j.ids',
      bars_json: 'j.bars',
      data_state: 'j.ds',
      data_state_since_ms: 'j.since',
      updated_at_ms: 'j.at',
      version: 'j.v + 1',
    },
    where: 'run_cohorts.exchange = j.exchange and run_cohorts.symbol = j.symbol and run_cohorts.version = j.v',
  });
  if (changed !== saves.length) throw new GuardFailed('a cohort changed since it was loaded');
}

/** Three bulk updates at most: runs that ended, runs that learned or traded, runs whose profit moved with the price. */
async function updateRuns(trx: Transaction<Database>, saves: readonly CohortSave[]): Promise<void> {
  const ended: (string | number | null)[][] = [];
  const changed: (string | number)[][] = [];
  const marked: number[][] = [];
  for (const { updates, updatedAtMs: at } of saves) {
    for (const { id, state, positionDirection: d, livePnlMicros: p, ended: end } of updates) {
      if (end) ended.push([id, p, at, d, state, end.reason, end.atMs, end.endBalanceMicros]);
      else if (state !== null) changed.push([id, p, at, d, state]);
      else marked.push([id, p, at, d]);
    }
  }
  const where = 'runs.id = j.id';
  const marks = { live_pnl_micros: 'j.p', updated_at_ms: 'j.at', position_direction: 'j.d' };
  const changes = { ...marks, state: 'coalesce(j.s, runs.state)' };
  const ends = { ...changes, end_reason: 'j.r', ended_at_ms: 'j.e', end_balance_micros: 'j.b' };
  const markColumns = { id: 'bigint', p: 'bigint', at: 'bigint', d: 'int' } as const;
  const changeColumns = { ...markColumns, s: 'longtext' } as const;
  const endColumns = { ...changeColumns, r: 'longtext', e: 'bigint', b: 'bigint' } as const;
  await updateFromJson(trx, { table: 'runs', columns: markColumns, rows: marked, set: marks, where });
  await updateFromJson(trx, { table: 'runs', columns: changeColumns, rows: changed, set: changes, where });
  await updateFromJson(trx, { table: 'runs', columns: endColumns, rows: ended, set: ends, where });
}

/** Freshness of the runs that did not change. */
async function touchRuns(trx: Transaction<Database>, exchange: string, saves: readonly CohortSave[]): Promise<void> {
  await updateFromJson(trx, {
    table: 'runs',
    columns: { symbol: 'longtext', at: 'bigint', exchange: 'longtext' },
    rows: saves.filter((save) => save.touchAll).map((save) => [save.cohort.symbol, save.updatedAtMs, exchange]),
    set: { updated_at_ms: 'j.at' },
    // The plus keeps the index on height out of it: all live runs would be gone through before the JSON.
    where: `runs.exchange = j.exchange and runs.symbol = j.symbol and runs.updated_at_ms < j.at
      and runs.ended_at_ms is null and runs.exit_run = 0 and +runs.height is null`,
  });
}
