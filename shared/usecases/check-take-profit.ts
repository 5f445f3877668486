import { isFromFuture } from '#shared/core/age.ts';
import type { TakeProfitSettings } from '#shared/core/runs/providence-settings.ts';
import {
  newTakeProfitState,
  rearmTakeProfit,
  stepTakeProfit,
  type TakeProfitState,
  type TakeProfitVerdict,
} from '#shared/core/runs/take-profit.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';

export interface CheckTakeProfitDeps {
  readonly accounts: Pick<AccountRepository, 'balanceHistory'>;
  readonly runs: Pick<RunsRepository, 'takeProfitState' | 'saveTakeProfitState'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface CheckTakeProfitInput {
  readonly exchange: string;
  readonly account: string;
  readonly settings: TakeProfitSettings;
}

export interface CheckTakeProfitFacts {
  /** Verdict of the newest balance that was not judged before; `stale` when there was none. */
  readonly verdict: TakeProfitVerdict | 'conflict';
  readonly change: number | null;
  readonly points: number;
  readonly height: number;
  /** Runs stopped by this call: ask for a reconciliation at once when above zero. */
  readonly stoppedRuns: number;
  readonly state: TakeProfitState;
}

const POINTS_MAX = 500;

/**
 * Judges every stored balance since the last one judged, in venue-time order, and stores verdict, position and stop in one
 * guarded transaction: however often the news of a balance is delivered, a hit stops the cohort once. Never waits.
 * A lost race is reported as `conflict`; the winner judged the same rows.
 */
export async function checkTakeProfit(
  deps: CheckTakeProfitDeps,
  input: CheckTakeProfitInput,
): Promise<CheckTakeProfitFacts> {
  const { exchange, account, settings } = input;
  const before = (await deps.runs.takeProfitState(exchange, account)) ?? newTakeProfitState(exchange, account);
  const stored = await deps.accounts.balanceHistory(exchange, account, before.lastVenueTimeMs + 1, POINTS_MAX);
  const points = stored.filter((point) => !isFromFuture(point.venueTimeMs, deps.clock.nowMs()));
  let state = before;
  let verdict: TakeProfitVerdict = 'stale';
  let change: number | null = null;
  let judged = 0;
  for (const point of points) {
    const step = stepTakeProfit(state, point, settings);
    judged++;
    state = step.state;
    verdict = step.verdict;
    change = step.change;
    // The points after a hit belong to the latched state: the next call judges them.
    if (verdict === 'take-profit' || verdict === 'drawdown') break;
  }
  const facts = { verdict, change, points: judged, height: state.height, stoppedRuns: 0, state };
  if (state === before) return facts;
  const isHit = verdict === 'take-profit' || verdict === 'drawdown';
  const saved = await deps.runs.saveTakeProfitState(
    state,
    isHit
      ? { reason: verdict, height: verdict === 'take-profit' ? state.height : null, atMs: deps.clock.nowMs() }
      : null,
  );
  if (!saved) return { ...facts, verdict: 'conflict', state: before, height: before.height };
  return { ...facts, stoppedRuns: saved.stopped };
}

/** Clears a latched stop by a human's word. `not-latched` when there is none; the supervisor then fills the population again. */
export async function rearmTakeProfitState(
  deps: Pick<CheckTakeProfitDeps, 'runs'>,
  input: Pick<CheckTakeProfitInput, 'exchange' | 'account'>,
): Promise<'rearmed' | 'not-latched' | 'conflict'> {
  const state = await deps.runs.takeProfitState(input.exchange, input.account);
  if (!state?.latched) return 'not-latched';
  return (await deps.runs.saveTakeProfitState(rearmTakeProfit(state), null)) ? 'rearmed' : 'conflict';
}
