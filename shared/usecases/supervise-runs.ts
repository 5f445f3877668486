import { isDue } from '#shared/core/age.ts';
import { planPopulation, purgeBeforeMs } from '#shared/core/runs/plan-population.ts';
import type { ProvidenceSettings } from '#shared/core/runs/providence-settings.ts';
import { toldUpToMs } from '#shared/core/runs/runs-told.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { CohortHealth, RunsRepository } from '#shared/ports/repositories/runs-repository.ts';

/** Name of the supervisor's heartbeat in `exchange_jobs`: zero live runs mean flat only while it is fresh (rule 3.1). */
export const SUPERVISOR_JOB = 'run-supervisor';

export interface SuperviseRunsDeps {
  readonly runs: Pick<
    RunsRepository,
    'liveRuns' | 'createRuns' | 'endRunsExcept' | 'purge' | 'takeProfitState' | 'cohortHealth'
  >;
  readonly instruments: Pick<InstrumentsRepository, 'products'>;
  readonly jobs: Pick<JobStateRepository, 'recordOk'>;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface SuperviseRunsInput {
  readonly exchange: string;
  readonly account: string;
  readonly slotMs: EpochMs;
  readonly settings: ProvidenceSettings;
  /** A managed symbol whose runs do not know their history for longer raises an alert. */
  readonly gapAlarmMs: number;
}

export interface SuperviseRunsFacts {
  readonly liveBefore: number;
  readonly created: number;
  /** Missing runs that no symbol may take. */
  readonly withoutSymbol: number;
  /** Runs of symbols that are no longer managed. */
  readonly endedNotManaged: number;
  readonly purged: number;
  /** Set while take profit or drawdown holds the cohort flat: nothing is created then. */
  readonly latched: string | null;
  /** Symbols to warm up: data not whole, or runs so young that candles may have come after them. */
  readonly toWarmUp: readonly string[];
}

const PURGE_LIMIT = 5_000;
/** A run this young may still be cold because its candles came late. */
const YOUNG_RUN_MS = 3_600_000;

/** One pass: end what is not managed, fill the population, purge, leave a heartbeat. Repeating a slot creates nothing twice. */
export async function superviseRuns(deps: SuperviseRunsDeps, input: SuperviseRunsInput): Promise<SuperviseRunsFacts> {
  const { exchange, settings } = input;
  const nowMs = deps.clock.nowMs();
  const products = await deps.instruments.products(exchange);
  const symbols = products
    .filter((p) => p.managed && p.instrument.status === 'active')
    .map((p) => ({ symbol: p.instrument.symbol, leverage: p.leverage ?? p.instrument.maxLeverage }));
  // A halted symbol keeps its runs: only the operator ends them, by not managing it.
  const keep = products.filter((p) => p.managed).map((p) => p.instrument.symbol);
  const endedNotManaged = await deps.runs.endRunsExcept(exchange, keep, 'not-managed', nowMs);
  const latched = (await deps.runs.takeProfitState(exchange, input.account))?.latched ?? null;
  const live = await deps.runs.liveRuns(exchange);
  const liveRuns = new Map([...live].map(([symbol, runs]) => [symbol, runs.count]));
  const plan = planPopulation({ exchange, slotMs: input.slotMs, nowMs, symbols, liveRuns, settings });
  const created =
    latched === null && plan.newRuns.length > 0 ? await deps.runs.createRuns(exchange, plan.newRuns, nowMs) : 0;
  const purged = await deps.runs.purge(exchange, purgeBeforeMs(nowMs, settings), PURGE_LIMIT);
  const health = await deps.runs.cohortHealth(exchange);
  const young = (symbol: string) => !isDue(live.get(symbol)?.newestStartMs ?? 0, nowMs, YOUNG_RUN_MS);
  const fresh = new Set(created > 0 ? plan.newRuns.map((run) => run.symbol) : []);
  await alarmGaps(
    deps,
    input,
    [...health.values()].filter((cohort) => keep.includes(cohort.symbol)),
    nowMs,
  );
  await deps.jobs.recordOk(SUPERVISOR_JOB, nowMs, {
    exchange,
    live: plan.liveCount + created,
    latched,
    toldUpToMs: toldUpToMs({
      managed: products.filter((p) => p.managed).map((p) => ({ ...p, symbol: p.instrument.symbol })),
      withRuns: new Set([...liveRuns.keys(), ...(latched === null ? plan.newRuns.map((run) => run.symbol) : [])]),
      whole: latched === null && plan.newRuns.length + plan.withoutSymbol >= plan.needed,
    }),
  });
  return {
    liveBefore: plan.liveCount,
    created,
    withoutSymbol: plan.withoutSymbol,
    endedNotManaged,
    purged,
    latched,
    toWarmUp: keep.filter(
      (symbol) => fresh.has(symbol) || young(symbol) || (health.get(symbol)?.dataState ?? 'live') !== 'live',
    ),
  };
}

/** Nothing of what the runs want is known meanwhile, so neither entries nor exits come from them: a human has to know. */
async function alarmGaps(
  deps: Pick<SuperviseRunsDeps, 'alerts'>,
  { exchange, gapAlarmMs }: SuperviseRunsInput,
  cohorts: readonly CohortHealth[],
  nowMs: EpochMs,
): Promise<void> {
  for (const { symbol, dataState, dataStateSinceMs } of cohorts) {
    // 0: it never had runs whose history could be missing.
    if (dataState === 'live' || dataStateSinceMs === 0 || !isDue(dataStateSinceMs, nowMs, gapAlarmMs)) continue;
    await deps.alerts.raise({
      id: `data-gap:${exchange}:${symbol}`,
      kind: 'data-gap',
      severity: 'critical',
      exchange,
      symbol,
      message: `the runs of ${symbol} do not know their history: they neither open nor close; flatten it or reduce by hand`,
      detail: { dataState, sinceMs: dataStateSinceMs },
    });
  }
}
