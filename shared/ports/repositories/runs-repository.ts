import type { Cohort, DataState } from '#shared/core/runs/cohort.ts';
import type { NewRun } from '#shared/core/runs/plan-population.ts';
import type { LiveRunRow, RunUpdate } from '#shared/core/runs/run-row.ts';
import type { TakeProfitState } from '#shared/core/runs/take-profit.ts';
import type { EpochMs } from '#shared/core/time.ts';

/** A cohort and its live runs (not ended, not asked to stop, no height), by id. */
export interface CohortRows {
  /** Version 0 and `warming-up` when the symbol was never stepped. */
  readonly cohort: Cohort;
  readonly runs: readonly LiveRunRow[];
}

/** Everything one step of one symbol writes. */
export interface CohortSave {
  /** The next state; its `version` is the one that was loaded and must still be stored. */
  readonly cohort: Cohort;
  /** Runs that changed in a way that must be stored now. */
  readonly updates: readonly RunUpdate[];
  /** Market time of the last tick. */
  readonly updatedAtMs: EpochMs;
  /** Marks the runs that did not change as stepped, too: done when a bar closed, so freshness is exact to a bar. */
  readonly touchAll: boolean;
}

export type CohortSaveOutcome =
  | { readonly kind: 'saved' }
  /** Another writer was faster for these symbols: nothing at all was written. */
  | { readonly kind: 'conflict'; readonly symbols: readonly string[] };

/** Sums over the runs of one symbol and height; what reconciliation and Kelly read. Money in millionths. */
export interface RunAggregate {
  readonly symbol: string;
  /** Null: live and ended runs of the current cohort; a number: a finalised one. */
  readonly height: number | null;
  /** Runs neither ended nor asked to stop. */
  readonly liveCount: number;
  /** Live runs stepped from `freshSinceMs` to `freshUntilMs`: what is later was stepped by a clock that was wrong. */
  readonly freshCount: number;
  /** Fresh live runs with live_pnl > threshold and a direction: the ones that make the desired position. */
  readonly eligibleCount: number;
  readonly directionSum: number;
  readonly pnlSumMicros: number;
  /** All runs of the row with live_pnl ≠ 0. */
  readonly count: number;
  readonly wins: number;
  readonly winSumMicros: number;
  readonly losses: number;
  /** Negative or zero. */
  readonly lossSumMicros: number;
  /** Newest market time that stepped a live run; null without live runs. */
  readonly newestUpdateMs: EpochMs | null;
}

export interface LiveRuns {
  readonly count: number;
  /** Start of the youngest. */
  readonly newestStartMs: EpochMs;
}

export interface CohortHealth {
  readonly symbol: string;
  readonly dataState: DataState;
  readonly dataStateSinceMs: EpochMs;
  readonly lastTradeTimeMs: EpochMs;
}

/** How a whole cohort is stopped: with a height it is kept for ever, without it is purged. */
export interface CohortStop {
  readonly reason: string;
  readonly height: number | null;
  readonly atMs: EpochMs;
}

/** Runs and their cohorts. Every method makes a fixed number of statements however many runs there are. */
export interface RunsRepository {
  /** One entry per symbol, in the order asked; the version is read before the runs. */
  loadCohorts(exchange: string, symbols: readonly string[]): Promise<readonly CohortRows[]>;
  /** All symbols of one exchange in one transaction, or none; each version must be the one loaded, and is raised. */
  saveCohorts(exchange: string, saves: readonly CohortSave[]): Promise<CohortSaveOutcome>;
  /** Symbols without live runs are absent. */
  liveRuns(exchange: string): Promise<ReadonlyMap<string, LiveRuns>>;
  /**
   * Inserts runs whose creation key is new, raises the versions of their cohorts, and marks a symbol that had no live run
   * `warming-up`: the desired position of strategies that know nothing is unknown. Returns how many were inserted.
   */
  createRuns(exchange: string, runs: readonly NewRun[], atMs: EpochMs): Promise<number>;
  /** Ends live runs of all symbols but these; returns how many. */
  endRunsExcept(exchange: string, symbols: readonly string[], reason: string, atMs: EpochMs): Promise<number>;
  /** Deletes runs without a height that ended or were stopped before `beforeMs`, at most `limit`; returns how many. */
  purge(exchange: string, beforeMs: EpochMs, limit: number): Promise<number>;
  aggregates(
    exchange: string,
    filter: { readonly livePnlAboveMicros: number; readonly freshSinceMs: EpochMs; readonly freshUntilMs: EpochMs },
  ): Promise<readonly RunAggregate[]>;
  cohortHealth(exchange: string): Promise<ReadonlyMap<string, CohortHealth>>;

  takeProfitState(exchange: string, account: string): Promise<TakeProfitState | null>;
  /**
   * Compare-and-set on `state.version` (0 inserts). With `stop`, all live runs of the exchange stop in the same transaction and
   * all its cohort versions rise. Null when another writer was faster; else how many runs stopped.
   */
  saveTakeProfitState(state: TakeProfitState, stop: CohortStop | null): Promise<{ readonly stopped: number } | null>;
}
