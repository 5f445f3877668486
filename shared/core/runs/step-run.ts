import type { BarEvent, Intent, Stance } from '../strategies/strategy.ts';
import { HOUR_MS } from '../time.ts';
import type { RunPlan } from './run-params.ts';
import type { RunState } from './run-state.ts';
import { pnlMicros, tradeTo } from './virtual-account.ts';

/** One new trade of the symbol, and the bars that it closed (usually none). */
export interface MarketStep {
  readonly timeMs: number;
  readonly price: number;
  /** Oldest first; the first trade of a minute closes the minute before. */
  readonly closedBars: readonly BarEvent[];
}

export type RunEndReason = 'max-duration' | 'target' | 'reversal' | 'bad-state' | 'not-managed';

export interface RunEnd {
  readonly reason: RunEndReason;
  readonly atMs: number;
}

/** A live run between two ticks. */
export interface LiveRun {
  readonly id: number;
  readonly plan: RunPlan;
  readonly startedAtMs: number;
  readonly startBalanceMicros: number;
  readonly state: RunState;
  /** The run's share of the desired position: Σ over eligible runs × unit. */
  readonly direction: Stance;
  readonly livePnlMicros: number;
  readonly ended: RunEnd | null;
}

const YEAR_HOURS = 24 * 365.24;

/**
 * Annualised return, as the original: (balance − start) / hours · 24 · 365.24 / start. An age below an hour counts as one:
 * annualising minutes is noise.
 */
export const annualisedReturn = (pnl: number, start: number, ageMs: number): number =>
  (pnl / start / Math.max(ageMs / HOUR_MS, 1)) * YEAR_HOURS;

function leave(run: LiveRun, step: MarketStep, reason: RunEndReason): LiveRun {
  const account = tradeTo(run.state.account, 0, step.price, run.plan.notionalQuote, run.plan.feeRate);
  const state = { ...run.state, account: account ?? run.state.account };
  return {
    ...run,
    state,
    direction: 0,
    livePnlMicros: pnlMicros(state.account, step.price, run.plan.feeRate),
    ended: { reason, atMs: step.timeMs },
  };
}

/**
 * One tick: learn from the bars it closed, let the strategy speak, trade virtually at the tick's price, book the profit,
 * end by age, target or reversal. Pure; a run that ended is returned as it is, an unchanged one too.
 */
export function stepRun(run: LiveRun, step: MarketStep): LiveRun {
  if (run.ended) return run;
  const { plan } = run;
  const livedMs = step.timeMs - run.startedAtMs;
  if (livedMs > plan.maxDurationMs) return leave(run, step, 'max-duration');

  let strategyState = run.state.strategy;
  let intent: Intent | null = null;
  for (const bar of step.closedBars) {
    const result = plan.definition.step(plan.strategy, strategyState, bar);
    strategyState = result.state;
    if (result.intent.kind === 'target') intent = result.intent;
  }
  const atTick = plan.definition.step(plan.strategy, strategyState, {
    kind: 'tick',
    timeMs: step.timeMs,
    price: step.price,
  });
  strategyState = atTick.state;
  if (atTick.intent.kind === 'target') intent = atTick.intent;

  let { account } = run.state;
  let direction = run.direction;
  if (intent?.kind === 'target') {
    const wanted = (plan.inverted && intent.stance !== 0 ? -intent.stance : intent.stance) as Stance;
    if (wanted !== direction) {
      if (wanted !== 0 && direction === 0 && livedMs > plan.maxDirectionReversalMs) return leave(run, step, 'reversal');
      const traded = tradeTo(account, wanted, step.price, plan.notionalQuote, plan.feeRate);
      if (traded) {
        account = traded;
        direction = wanted;
      }
    }
  }

  const livePnlMicros = pnlMicros(account, step.price, plan.feeRate);
  const sameState = strategyState === run.state.strategy && account === run.state.account;
  if (sameState && livePnlMicros === run.livePnlMicros) return run;
  const next: LiveRun = {
    id: run.id,
    plan,
    startedAtMs: run.startedAtMs,
    startBalanceMicros: run.startBalanceMicros,
    state: sameState ? run.state : { strategy: strategyState, account },
    direction,
    livePnlMicros,
    ended: null,
  };
  return annualisedReturn(livePnlMicros, run.startBalanceMicros, livedMs) > plan.aprTarget
    ? leave(next, step, 'target')
    : next;
}
