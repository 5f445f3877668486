import { decimalText } from '#shared/core/decimal.ts';
import type { Cohort } from '#shared/core/runs/cohort.ts';
import { newCohort } from '#shared/core/runs/cohort.ts';
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

interface Row extends LiveRunRow {
  readonly exchange: string;
  readonly creationKey: string;
  state: string;
  positionDirection: number;
  livePnlMicros: number;
  endBalanceMicros: number | null;
  height: number | null;
  exitRun: boolean;
  endReason: string | null;
  endedAtMs: number | null;
  updatedAtMs: number;
}

const liveRowOf = (row: Row): LiveRunRow => ({
  id: row.id,
  symbol: row.symbol,
  strategy: row.strategy,
  paramsJson: row.paramsJson,
  state: row.state,
  positionDirection: row.positionDirection,
  livePnlMicros: row.livePnlMicros,
  startBalanceMicros: row.startBalanceMicros,
  startedAtMs: row.startedAtMs,
});

const isLive = (row: Row): boolean => row.endedAtMs === null && !row.exitRun && row.height === null;

/** The runs repository without a database: tests, benchmarks and one-process replays. Stores the same texts as the tables. */
export class MemoryRunsRepository implements RunsRepository {
  private readonly rows = new Map<number, Row>();
  /** Live rows by `exchange:symbol`, by id. */
  private readonly live = new Map<string, Row[]>();
  private readonly keys = new Set<string>();
  private readonly cohorts = new Map<string, Cohort>();
  private readonly takeProfit = new Map<string, TakeProfitState>();
  private lastId = 0;

  async loadCohorts(exchange: string, symbols: readonly string[]): Promise<readonly CohortRows[]> {
    return symbols.map((symbol) => ({
      cohort: this.cohorts.get(keyOf(exchange, symbol)) ?? newCohort(exchange, symbol),
      runs: this.liveOf(exchange, symbol).map(liveRowOf),
    }));
  }

  async saveCohorts(exchange: string, saves: readonly CohortSave[]): Promise<CohortSaveOutcome> {
    const stale = saves.filter(
      ({ cohort }) => (this.cohorts.get(keyOf(exchange, cohort.symbol))?.version ?? 0) !== cohort.version,
    );
    if (stale.length > 0) return { kind: 'conflict', symbols: stale.map((s) => s.cohort.symbol) };
    for (const { cohort, updates, updatedAtMs, touchAll } of saves) {
      this.cohorts.set(keyOf(exchange, cohort.symbol), { ...cohort, version: cohort.version + 1 });
      if (touchAll) for (const row of this.liveOf(exchange, cohort.symbol)) row.updatedAtMs = updatedAtMs;
      let ended = false;
      for (const update of updates) {
        const row = this.rows.get(update.id);
        if (!row) continue;
        if (update.state !== null) row.state = update.state;
        row.positionDirection = update.positionDirection;
        row.livePnlMicros = update.livePnlMicros;
        row.updatedAtMs = updatedAtMs;
        if (!update.ended) continue;
        ended = true;
        row.endReason = update.ended.reason;
        row.endedAtMs = update.ended.atMs;
        row.endBalanceMicros = update.ended.endBalanceMicros;
      }
      if (ended) this.dropEnded(keyOf(exchange, cohort.symbol));
    }
    return { kind: 'saved' };
  }

  async liveRuns(exchange: string): Promise<ReadonlyMap<string, LiveRuns>> {
    const result = new Map<string, LiveRuns>();
    for (const rows of this.live.values()) {
      const first = rows[0];
      if (first?.exchange !== exchange) continue;
      result.set(first.symbol, {
        count: rows.length,
        newestStartMs: rows.reduce((max, r) => Math.max(max, r.startedAtMs), 0),
      });
    }
    return result;
  }

  async createRuns(exchange: string, runs: readonly NewRun[], atMs: number): Promise<number> {
    const fresh = runs.filter((run) => !this.keys.has(run.creationKey));
    for (const symbol of new Set(fresh.map((run) => run.symbol))) {
      const cohort = this.cohorts.get(keyOf(exchange, symbol)) ?? newCohort(exchange, symbol);
      const cold = this.liveOf(exchange, symbol).length === 0 && cohort.dataState !== 'warming-up';
      this.cohorts.set(keyOf(exchange, symbol), {
        ...cohort,
        version: cohort.version + 1,
        dataState: cold ? 'warming-up' : cohort.dataState,
        dataStateSinceMs: cold || cohort.dataStateSinceMs === 0 ? atMs : cohort.dataStateSinceMs,
      });
    }
    for (const run of fresh) {
      const row: Row = {
        ...run,
        id: ++this.lastId,
        positionDirection: 0,
        livePnlMicros: 0,
        endBalanceMicros: null,
        height: null,
        exitRun: false,
        endReason: null,
        endedAtMs: null,
        updatedAtMs: atMs,
      };
      this.keys.add(run.creationKey);
      this.rows.set(row.id, row);
      const key = keyOf(exchange, run.symbol);
      this.live.set(key, [...this.liveOf(exchange, run.symbol), row]);
    }
    return fresh.length;
  }

  async endRunsExcept(exchange: string, symbols: readonly string[], reason: string, atMs: number): Promise<number> {
    const doomed = this.liveRowsOf(exchange).filter((row) => !symbols.includes(row.symbol));
    for (const row of doomed) this.end(row, reason, atMs);
    for (const symbol of new Set(doomed.map((row) => row.symbol))) this.raise(exchange, symbol);
    return doomed.length;
  }

  async purge(exchange: string, beforeMs: number, limit: number): Promise<number> {
    const doomed = [...this.rows.values()]
      .filter((r) => r.exchange === exchange && r.height === null && r.endedAtMs !== null && r.endedAtMs < beforeMs)
      .slice(0, limit);
    for (const row of doomed) {
      this.rows.delete(row.id);
      this.keys.delete(row.creationKey);
    }
    return doomed.length;
  }

  async aggregates(
    exchange: string,
    filter: { readonly livePnlAboveMicros: number; readonly freshSinceMs: number; readonly freshUntilMs: number },
  ): Promise<readonly RunAggregate[]> {
    const groups = new Map<string, Row[]>();
    for (const row of this.rows.values()) {
      if (row.exchange !== exchange) continue;
      const key = `${row.symbol}\n${row.height}`;
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    const sum = (rows: readonly Row[], of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
    const aggregates = [...groups.values()].map((rows): RunAggregate => {
      const live = rows.filter(isLive);
      const fresh = live.filter((r) => r.updatedAtMs >= filter.freshSinceMs && r.updatedAtMs <= filter.freshUntilMs);
      const eligible = fresh.filter((r) => r.livePnlMicros > filter.livePnlAboveMicros && r.positionDirection !== 0);
      const wins = rows.filter((r) => r.livePnlMicros > 0);
      const losses = rows.filter((r) => r.livePnlMicros < 0);
      return {
        symbol: rows[0]!.symbol,
        height: rows[0]!.height,
        liveCount: live.length,
        freshCount: fresh.length,
        eligibleCount: eligible.length,
        directionSum: sum(eligible, (r) => r.positionDirection),
        pnlSumMicros: sum(eligible, (r) => r.livePnlMicros),
        count: wins.length + losses.length,
        wins: wins.length,
        winSumMicros: sum(wins, (r) => r.livePnlMicros),
        losses: losses.length,
        lossSumMicros: sum(losses, (r) => r.livePnlMicros),
        newestUpdateMs: live.length === 0 ? null : Math.max(...live.map((r) => r.updatedAtMs)),
      };
    });
    return aggregates.sort(
      (a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0) || (a.height ?? -1) - (b.height ?? -1),
    );
  }

  async cohortHealth(exchange: string): Promise<ReadonlyMap<string, CohortHealth>> {
    const result = new Map<string, CohortHealth>();
    for (const cohort of this.cohorts.values()) {
      const { symbol, dataState, dataStateSinceMs, lastTradeTimeMs } = cohort;
      if (cohort.exchange === exchange) result.set(symbol, { symbol, dataState, dataStateSinceMs, lastTradeTimeMs });
    }
    return result;
  }

  async takeProfitState(exchange: string, account: string): Promise<TakeProfitState | null> {
    return this.takeProfit.get(keyOf(exchange, account)) ?? null;
  }

  async saveTakeProfitState(
    state: TakeProfitState,
    stop: CohortStop | null,
  ): Promise<{ readonly stopped: number } | null> {
    const key = keyOf(state.exchange, state.account);
    if ((this.takeProfit.get(key)?.version ?? 0) !== state.version) return null;
    const { baselineQuote, netTransfersQuote } = state;
    this.takeProfit.set(key, {
      ...state,
      baselineQuote: baselineQuote === null ? null : decimalText(baselineQuote),
      netTransfersQuote: netTransfersQuote === null ? null : decimalText(netTransfersQuote),
      version: state.version + 1,
    });
    if (!stop) return { stopped: 0 };
    const rows = this.liveRowsOf(state.exchange);
    for (const row of rows) {
      row.exitRun = true;
      row.height = stop.height;
      this.end(row, stop.reason, stop.atMs);
    }
    for (const cohort of [...this.cohorts.values()]) {
      if (cohort.exchange === state.exchange) this.raise(cohort.exchange, cohort.symbol);
    }
    return { stopped: rows.length };
  }

  private liveOf(exchange: string, symbol: string): readonly Row[] {
    return this.live.get(keyOf(exchange, symbol)) ?? [];
  }

  private liveRowsOf(exchange: string): Row[] {
    return [...this.live.values()].flat().filter((row) => row.exchange === exchange);
  }

  private end(row: Row, reason: string, atMs: number): void {
    row.endReason = reason;
    row.endedAtMs = atMs;
    row.endBalanceMicros = row.startBalanceMicros + row.livePnlMicros;
    this.dropEnded(keyOf(row.exchange, row.symbol));
  }

  private dropEnded(key: string): void {
    this.live.set(key, (this.live.get(key) ?? []).filter(isLive));
  }

  private raise(exchange: string, symbol: string): void {
    const key = keyOf(exchange, symbol);
    const cohort = this.cohorts.get(key);
    if (cohort) this.cohorts.set(key, { ...cohort, version: cohort.version + 1 });
  }
}

const keyOf = (first: string, second: string): string => `${first}\n${second}`;
