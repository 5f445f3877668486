import type { DataState, RunTick } from '#shared/core/runs/cohort.ts';
import { decodeRunPlan, type RunPlan } from '#shared/core/runs/run-params.ts';
import { decodeRunRow, type LiveRunRow, type RunUpdate, runUpdate, unreadableRun } from '#shared/core/runs/run-row.ts';
import { type CohortRuns, eligibleDirection, stepCohort } from '#shared/core/runs/step-cohort.ts';
import type { LiveRun } from '#shared/core/runs/step-run.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import type { CohortRows, CohortSave, RunsRepository } from '#shared/ports/repositories/runs-repository.ts';

export interface StepRunsDeps {
  readonly runs: Pick<RunsRepository, 'loadCohorts' | 'saveCohorts'>;
  /** Kept by a warm handler between invocations; one per handler. */
  readonly cache: RunCache;
}

export interface StepRunsInput {
  /** Of any exchanges and symbols; in stream order per symbol. */
  readonly bundles: readonly MarketBundle[];
  /** A run must earn strictly more to count in the Σ direction of the facts. */
  readonly livePnlAboveMicros: number;
}

export interface SymbolStep {
  readonly exchange: string;
  readonly symbol: string;
  /** Trades that moved the runs, once each whatever was delivered. */
  readonly ticks: number;
  readonly alreadyProcessed: number;
  readonly malformed: number;
  readonly runs: number;
  readonly ended: readonly { readonly id: number; readonly reason: string }[];
  /** True when this batch opened a hole: the symbol's desired position is unknown until it is warm again. */
  readonly gap: boolean;
  readonly dataState: DataState;
  readonly dataStateBefore: DataState;
  /** Σ direction over the runs that count, before and after. */
  readonly directionBefore: number;
  readonly directionAfter: number;
  readonly version: number;
}

export interface StepRunsFacts {
  readonly symbols: readonly SymbolStep[];
  /** Runs × trades. */
  readonly steps: number;
  readonly reloads: number;
}

/** Other writers were faster again and again: the batch is to be delivered again. */
export class StepConflictError extends Error {
  override readonly name = 'StepConflictError';
  readonly retryable = true;
}

/** Decoded cohorts by `cohortKey`, trusted only as far as the version guard of the next save. */
export interface RunCache {
  readonly cohorts: Map<string, CohortRuns>;
  readonly plans: Map<number, RunPlan>;
}

export const newRunCache = (): RunCache => ({ cohorts: new Map(), plans: new Map() });

const CACHED_COHORTS_MAX = 2_000;
const CACHED_PLANS_MAX = 200_000;
const SYMBOLS_PER_TRANSACTION_MAX = 25;
/** At its beat the run-supervisor writes the cohorts one after another, and each may spoil the transaction of all. */
const RELOADS_MAX = 8;

/**
 * Steps the live runs of every symbol in the batch over its new trades, in order, and saves runs and cohort positions in one
 * transaction per group of symbols, guarded by the cohort versions: delivering a batch again changes nothing. Throws
 * `StepConflictError` when it loses against other writers too often, and what the repository throws.
 */
export async function stepRuns(deps: StepRunsDeps, input: StepRunsInput): Promise<StepRunsFacts> {
  const byExchange = new Map<string, Map<string, MarketBundle[]>>();
  for (const bundle of input.bundles) {
    const symbols = byExchange.get(bundle.exchange) ?? new Map<string, MarketBundle[]>();
    byExchange.set(bundle.exchange, symbols);
    const bundles = symbols.get(bundle.symbol);
    if (bundles) bundles.push(bundle);
    else symbols.set(bundle.symbol, [bundle]);
  }
  const facts: SymbolStep[] = [];
  let reloads = 0;
  for (const [exchange, symbols] of byExchange) {
    const entries = [...symbols];
    for (let i = 0; i < entries.length; i += SYMBOLS_PER_TRANSACTION_MAX) {
      const group = entries.slice(i, i + SYMBOLS_PER_TRANSACTION_MAX);
      let steps = await stepGroup(deps, exchange, group, input.livePnlAboveMicros);
      for (let tries = 1; !steps && tries <= RELOADS_MAX; tries += 1) {
        reloads++;
        for (const [symbol] of group) deps.cache.cohorts.delete(cohortKey(exchange, symbol));
        steps = await stepGroup(deps, exchange, group, input.livePnlAboveMicros);
      }
      if (!steps) throw new StepConflictError(`runs of ${exchange} changed whenever a batch was stepped`);
      facts.push(...steps);
    }
  }
  return { symbols: facts, steps: facts.reduce((sum, f) => sum + f.ticks * f.runs, 0), reloads };
}

export const cohortKey = (exchange: string, symbol: string): string => `${exchange}:${symbol}`;

interface Work {
  readonly before: CohortRuns;
  /** Rows that could not be read, if any. */
  readonly unreadable: readonly LiveRunRow[];
}

/** Null on a version conflict. */
async function stepGroup(
  deps: StepRunsDeps,
  exchange: string,
  group: readonly (readonly [string, readonly MarketBundle[]])[],
  livePnlAboveMicros: number,
): Promise<readonly SymbolStep[] | null> {
  const { cohorts } = deps.cache;
  const work = new Map<string, Work>();
  const missing: string[] = [];
  for (const [symbol] of group) {
    const cached = cohorts.get(cohortKey(exchange, symbol));
    if (cached) work.set(symbol, { before: cached, unreadable: [] });
    else missing.push(symbol);
  }
  if (missing.length > 0) {
    for (const rows of await deps.runs.loadCohorts(exchange, missing)) {
      work.set(rows.cohort.symbol, decodeCohort(rows, deps.cache.plans));
    }
  }

  const saves: CohortSave[] = [];
  const steps: SymbolStep[] = [];
  const after = new Map<string, CohortRuns>();
  for (const [symbol, bundles] of group) {
    const { before, unreadable } = work.get(symbol)!;
    const result = stepBundles(before, bundles);
    const saved = result.ticks > 0;
    const barClosed = before.cohort.forming?.openTimeMs !== result.cohort.forming?.openTimeMs;
    const updatedAtMs = result.cohort.lastTradeTimeMs;
    const updates = saved
      ? [
          ...unreadable.map((row) => unreadableRun(row, updatedAtMs)),
          ...updatesOf(before.runs, result.runs, barClosed, livePnlAboveMicros),
        ]
      : [];
    if (saved) saves.push({ cohort: result.cohort, updates, updatedAtMs, touchAll: barClosed });
    const version = result.cohort.version + (saved ? 1 : 0);
    after.set(symbol, {
      cohort: { ...result.cohort, version },
      runs: result.runs.every((run) => !run.ended) ? result.runs : result.runs.filter((run) => !run.ended),
    });
    steps.push({
      exchange,
      symbol,
      ticks: result.ticks,
      alreadyProcessed: result.alreadyProcessed,
      malformed: result.malformed,
      runs: before.runs.length,
      ended: updates.flatMap((u) => (u.ended ? [{ id: u.id, reason: u.ended.reason }] : [])),
      gap: result.gap,
      dataState: result.cohort.dataState,
      dataStateBefore: before.cohort.dataState,
      directionBefore: eligibleDirection(before.runs, livePnlAboveMicros),
      directionAfter: eligibleDirection(result.runs, livePnlAboveMicros),
      version,
    });
  }
  if (saves.length > 0 && (await deps.runs.saveCohorts(exchange, saves)).kind === 'conflict') return null;

  if (cohorts.size > CACHED_COHORTS_MAX) cohorts.clear();
  for (const step of steps) for (const { id } of step.ended) deps.cache.plans.delete(id);
  for (const [symbol, entry] of after) {
    // Rows that cannot be read were ended by this save, or stay to be ended by the next one.
    if (work.get(symbol)!.unreadable.length === 0) cohorts.set(cohortKey(exchange, symbol), entry);
  }
  return steps;
}

function decodeCohort({ cohort, runs: rows }: CohortRows, plans: Map<number, RunPlan>): Work {
  const runs: LiveRun[] = [];
  const unreadable: LiveRunRow[] = [];
  for (const row of rows) {
    const plan = plans.get(row.id) ?? decodeRunPlan(row.strategy, row.paramsJson);
    const run = decodeRunRow(row, plan);
    if (!run) {
      unreadable.push(row);
      continue;
    }
    if (plans.size > CACHED_PLANS_MAX) plans.clear();
    plans.set(row.id, run.plan);
    runs.push(run);
  }
  return { before: { cohort, runs }, unreadable };
}

function stepBundles(before: CohortRuns, bundles: readonly MarketBundle[]) {
  let state: CohortRuns = before;
  let ticks = 0;
  let alreadyProcessed = 0;
  let malformed = 0;
  let gap = false;
  for (const bundle of bundles) {
    const step = stepCohort(state, bundle.items satisfies readonly RunTick[], bundle.gap === true);
    state = step;
    ticks += step.stepped;
    alreadyProcessed += step.alreadyProcessed;
    malformed += step.malformed;
    gap ||= step.gap;
  }
  return { cohort: state.cohort, runs: state.runs, ticks, alreadyProcessed, malformed, gap };
}

/**
 * What must be stored: all that learned, traded or ended. A profit that only moved with the price waits for the end of its bar,
 * when every run learns, unless the run begins or ceases to count: the rows are exact where reconciliation decides by them.
 */
function updatesOf(
  before: readonly LiveRun[],
  after: readonly LiveRun[],
  barClosed: boolean,
  livePnlAboveMicros: number,
): RunUpdate[] {
  const updates: RunUpdate[] = [];
  for (let i = 0; i < before.length; i++) {
    const was = before[i]!;
    const is = after[i]!;
    if (was === is) continue;
    const counts = is.livePnlMicros > livePnlAboveMicros;
    const onlyMoved = is.state === was.state && !is.ended && was.livePnlMicros > livePnlAboveMicros === counts;
    const update = onlyMoved && !barClosed ? null : runUpdate(was, is);
    if (update) updates.push(update);
  }
  return updates;
}
