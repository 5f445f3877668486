import { isWarm } from '../strategies/strategy.ts';
import { advanceCohort, type Cohort, type RunTick } from './cohort.ts';
import { type LiveRun, stepRun } from './step-run.ts';

/** A cohort with its live runs: what is loaded, stepped and saved as one. */
export interface CohortRuns {
  readonly cohort: Cohort;
  readonly runs: readonly LiveRun[];
}

export interface CohortStep extends CohortRuns {
  /** Trades that moved the runs. */
  readonly stepped: number;
  readonly alreadyProcessed: number;
  readonly malformed: number;
  readonly gap: boolean;
}

/** Forgets what the strategy learned: its bars have a hole. The account, its position and the direction stay. */
export const coldRun = (run: LiveRun): LiveRun => ({
  ...run,
  state: { ...run.state, strategy: run.plan.definition.init(run.plan.strategy) },
});

export const isRunWarm = (run: LiveRun): boolean => isWarm(run.plan.definition, run.plan.strategy, run.state.strategy);

/** A symbol whose live runs all know their history has whole data again. */
export function settleDataState(cohort: Cohort, runs: readonly LiveRun[], atMs: number): Cohort {
  if (cohort.dataState === 'live' || !runs.every((run) => run.ended !== null || isRunWarm(run))) return cohort;
  return { ...cohort, dataState: 'live', dataStateSinceMs: atMs };
}

/** Steps every live run of a symbol over the next trades of one bundle. Runs that end stay in the answer, marked. */
export function stepCohort({ cohort, runs }: CohortRuns, ticks: readonly RunTick[], gap: boolean): CohortStep {
  const advance = advanceCohort(cohort, ticks, gap);
  const { steps, gapBefore } = advance;
  const next: LiveRun[] = new Array(runs.length);
  for (let r = 0; r < runs.length; r++) {
    let run = runs[r]!;
    for (let s = 0; s < steps.length; s++) {
      if (s === gapBefore) run = coldRun(run);
      run = stepRun(run, steps[s]!);
    }
    next[r] = run;
  }
  const last = steps.at(-1);
  return {
    cohort: last ? settleDataState(advance.cohort, next, last.timeMs) : advance.cohort,
    runs: next,
    stepped: steps.length,
    alreadyProcessed: advance.alreadyProcessed,
    malformed: advance.malformed,
    gap: gapBefore !== null,
  };
}

/** Σ direction over the runs that count: alive and earning strictly more than the threshold. */
export function eligibleDirection(runs: readonly LiveRun[], livePnlAboveMicros: number): number {
  let sum = 0;
  for (const run of runs) if (!run.ended && run.livePnlMicros > livePnlAboveMicros) sum += run.direction;
  return sum;
}
