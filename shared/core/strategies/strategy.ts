/**
 * A strategy is a schema and pure functions: `init(params) → state`, `step(params, state, event) → {state, intent}`.
 * It sees closed bars and the ticks between them, never a clock; the same step runs live, in a replay and in a warm-up.
 */
import type * as z from 'zod';
import type { EpochMs } from '../time.ts';

/** A closed bar. Numbers: a strategy's arithmetic never becomes money. */
export interface BarEvent {
  readonly kind: 'bar';
  readonly openTimeMs: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export interface TickEvent {
  readonly kind: 'tick';
  readonly timeMs: EpochMs;
  readonly price: number;
}

export type StrategyEvent = BarEvent | TickEvent;

/** −1 short, 0 flat, +1 long: one direction unit of a run. */
export type Stance = -1 | 0 | 1;

/** `hold`: nothing to say, keep the stance. `target`: the stance wanted from now on. */
export type Intent = { readonly kind: 'hold' } | { readonly kind: 'target'; readonly stance: Stance };

export const HOLD: Intent = { kind: 'hold' };
const TARGETS: readonly Intent[] = ([-1, 0, 1] as const).map((stance) => ({ kind: 'target', stance }));
export const target = (stance: Stance): Intent => TARGETS[stance + 1]!;

/** What a state looks like inside the run's state text: numbers and short strings, no nesting. */
export type StateCells = readonly (number | string)[];

/** Inclusive [smallest, largest] of a drawn parameter. */
export type DrawRange = readonly [number, number];

/** Uniform draws of the supervisor: `integer` is inclusive on both ends. */
export interface Draw {
  integer(range: DrawRange): number;
  real(range: DrawRange): number;
}

export interface Strategy<Params = unknown, State = unknown, Ranges = unknown> {
  /** Stored in `runs.strategy`; never reused for another meaning. */
  readonly name: string;
  /** Raised when the cells change their meaning: older states are then warmed up again from candles. */
  readonly stateVersion: number;
  readonly paramsSchema: z.ZodType<Params>;
  /** What the supervisor draws new runs from, with the defaults of the configuration. */
  readonly rangesSchema: z.ZodType<Ranges>;
  draw(ranges: Ranges, draw: Draw): Params;
  /** Bars after which `step` stops answering `hold` for lack of history. */
  warmupBars(params: Params): number;
  init(params: Params): State;
  /** Bars seen, to compare with `warmupBars`; may stop counting once far beyond it. */
  barsSeen(state: State): number;
  step(params: Params, state: State, event: StrategyEvent): { readonly state: State; readonly intent: Intent };
  encode(state: State): StateCells;
  /** Null when the cells are not a state of this strategy. */
  decode(params: Params, cells: StateCells): State | null;
}

export const isWarm = (strategy: Strategy, params: unknown, state: unknown): boolean =>
  strategy.barsSeen(state) >= strategy.warmupBars(params);
