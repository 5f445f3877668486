import type { Stance } from '../strategies/strategy.ts';
import type { EpochMs } from '../time.ts';
import { decodeRunPlan } from './run-params.ts';
import { decodeRunState, encodeRunState } from './run-state.ts';
import type { LiveRun } from './step-run.ts';

/** A live run as stored: texts. */
export interface LiveRunRow {
  readonly id: number;
  readonly symbol: string;
  readonly strategy: string;
  readonly paramsJson: string;
  readonly state: string;
  readonly positionDirection: number;
  readonly livePnlMicros: number;
  readonly startBalanceMicros: number;
  readonly startedAtMs: EpochMs;
}

/** What one step writes of one run. */
export interface RunUpdate {
  readonly id: number;
  /** Null: unchanged since it was loaded. */
  readonly state: string | null;
  readonly positionDirection: number;
  readonly livePnlMicros: number;
  readonly ended: { readonly reason: string; readonly atMs: EpochMs; readonly endBalanceMicros: number } | null;
}

/** Null when the row cannot be understood: see `unreadableRun`. `plan` saves parsing the parameters again. */
export function decodeRunRow(row: LiveRunRow, plan = decodeRunPlan(row.strategy, row.paramsJson)): LiveRun | null {
  const state = plan && decodeRunState(plan, row.state);
  if (!plan || !state || !isStance(row.positionDirection)) return null;
  return {
    id: row.id,
    plan,
    startedAtMs: row.startedAtMs,
    startBalanceMicros: row.startBalanceMicros,
    state,
    direction: row.positionDirection,
    livePnlMicros: row.livePnlMicros,
    ended: null,
  };
}

/** A run that nobody can read ends with the profit it last booked: it must not count as fresh, nor live for ever. */
export const unreadableRun = (row: LiveRunRow, atMs: EpochMs): RunUpdate => ({
  id: row.id,
  state: null,
  positionDirection: 0,
  livePnlMicros: row.livePnlMicros,
  ended: { reason: 'bad-state', atMs, endBalanceMicros: row.startBalanceMicros + row.livePnlMicros },
});

/** What to write of a run that was `before` when it was loaded; null when nothing changed. */
export function runUpdate(before: LiveRun, after: LiveRun): RunUpdate | null {
  if (before === after) return null;
  return {
    id: after.id,
    state: before.state === after.state ? null : encodeRunState(after.plan, after.state),
    positionDirection: after.direction,
    livePnlMicros: after.livePnlMicros,
    ended: after.ended && {
      reason: after.ended.reason,
      atMs: after.ended.atMs,
      endBalanceMicros: after.startBalanceMicros + after.livePnlMicros,
    },
  };
}

const isStance = (value: number): value is Stance => value === -1 || value === 0 || value === 1;
