import type { Candle } from '../market/candle.ts';
import type { BarEvent } from '../strategies/strategy.ts';
import { type Cohort, indicatorPrice, RUN_BAR_MS } from './cohort.ts';
import { type CohortRuns, isRunWarm, settleDataState } from './step-cohort.ts';
import type { LiveRun } from './step-run.ts';

/** Bars that the coldest run of the cohort needs; 0 when all are warm. */
export function neededWarmupBars(runs: readonly LiveRun[]): number {
  let needed = 0;
  for (const run of runs) {
    if (!isRunWarm(run)) needed = Math.max(needed, run.plan.definition.warmupBars(run.plan.strategy));
  }
  return needed;
}

export const barOfCandle = (candle: Candle): BarEvent => ({
  kind: 'bar',
  openTimeMs: candle.openTimeMs,
  open: indicatorPrice(candle.open),
  high: indicatorPrice(candle.high),
  low: indicatorPrice(candle.low),
  close: indicatorPrice(candle.close),
});

export interface WarmUp extends CohortRuns {
  /** Bars without a hole right before the forming one, from candles and from the ticks since. */
  readonly bars: number;
  /** Runs that learned from them. */
  readonly warmed: number;
}

/**
 * Gives cold strategies their history: the closed one-minute candles before the bar that the ticks are forming, bridged by the
 * bars built since. A run keeps what it learned from ticks when that is longer. The venue's running candle completes the
 * forming bar, of which the ticks may have seen only the end. Null without a forming bar: there is nothing to join on to.
 */
export function warmUpCohort({ cohort, runs }: CohortRuns, candles: readonly Candle[], atMs: number): WarmUp | null {
  if (!cohort.forming) return null;
  const history = joinedBars(cohort, cohort.forming, candles);
  let warmed = 0;
  const next = runs.map((run) => {
    const { definition, strategy: params } = run.plan;
    if (isRunWarm(run) || history.length <= definition.barsSeen(run.state.strategy)) return run;
    let strategy = definition.init(params);
    for (const bar of history.slice(-definition.warmupBars(params))) {
      strategy = definition.step(params, strategy, bar).state;
    }
    warmed++;
    return { ...run, state: { ...run.state, strategy } };
  });
  const running = candles.find((c) => !c.final && c.openTimeMs === cohort.forming?.openTimeMs);
  const complete =
    running && cohort.dataState !== 'live'
      ? { ...cohort, forming: completed(cohort.forming, barOfCandle(running)) }
      : cohort;
  return { cohort: settleDataState(complete, next, atMs), runs: next, bars: history.length, warmed };
}

function joinedBars(cohort: Cohort, forming: BarEvent, candles: readonly Candle[]): BarEvent[] {
  const byOpenTime = new Map(cohort.recent.map((bar) => [bar.openTimeMs, bar]));
  for (const candle of candles) if (candle.final) byOpenTime.set(candle.openTimeMs, barOfCandle(candle));
  const bars: BarEvent[] = [];
  for (let t = forming.openTimeMs - RUN_BAR_MS; ; t -= RUN_BAR_MS) {
    const bar = byOpenTime.get(t);
    if (!bar) return bars.reverse();
    bars.push(bar);
  }
}

const completed = (forming: BarEvent, running: BarEvent): BarEvent => ({
  ...forming,
  open: running.open,
  high: Math.max(forming.high, running.high),
  low: Math.min(forming.low, running.low),
});
