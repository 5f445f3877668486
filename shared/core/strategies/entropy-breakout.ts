import * as z from 'zod';
import {
  type BlockChannel,
  channelHigh,
  channelLow,
  initBlockChannel,
  isChannelFull,
  stepBlockChannel,
} from '../indicators/block-channel.ts';
import { COUNT_MAX } from '../indicators/ema.ts';
import {
  ENTROPY_ORDER,
  ENTROPY_WINDOW_MAX,
  initPatternWindow,
  normalisedEntropy,
  type PatternWindow,
  stepPatternWindow,
} from '../indicators/permutation-entropy.ts';
import { drawRangeSchema } from './draw-range.ts';
import { HOLD, type Stance, type StateCells, type Strategy, target } from './strategy.ts';

/** Blocks of the channel: six prices a side keep the state small, and a sixth of the window is the granularity. */
const BLOCKS = 6;

const paramsSchema = z.object({
  /** Bars in one of the six blocks of the channel: the breakout looks back over five to six times as many bars. */
  blockBars: z.number().int().min(1).max(100),
  /** Closes whose ordinal patterns are judged. */
  entropyBars: z.number().int().min(5).max(ENTROPY_WINDOW_MAX),
  /** Enter only while the normalised permutation entropy is below this: 0 a straight line, 1 noise. */
  entropyMax: z.number().min(0).max(1),
  /** Leave when the price gives back this share of the channel from its far side: 0.5 is the middle. */
  exitFraction: z.number().min(0.1).max(1),
});
export type EntropyBreakoutParams = z.infer<typeof paramsSchema>;

const rangesSchema = z.strictObject({
  block_bars: drawRangeSchema(1, 100).default([2, 10]),
  entropy_bars: drawRangeSchema(5, ENTROPY_WINDOW_MAX).default([20, 60]),
  entropy_max: drawRangeSchema(0, 1).default([0.85, 0.97]),
  exit_fraction: drawRangeSchema(0.1, 1).default([0.4, 1]),
});

export interface EntropyBreakoutState {
  readonly channel: BlockChannel;
  readonly window: PatternWindow;
  readonly bars: number;
  readonly stance: Stance;
  /** Derived when a bar closes or a state is decoded, not stored: edges of the channel and whether the gate is open. */
  readonly high: number;
  readonly low: number;
  readonly orderly: boolean;
}

function warmupBars(params: EntropyBreakoutParams): number {
  return Math.max(BLOCKS * params.blockBars, params.entropyBars);
}

function derived(
  params: EntropyBreakoutParams,
  core: Pick<EntropyBreakoutState, 'channel' | 'window' | 'bars' | 'stance'>,
): EntropyBreakoutState {
  return {
    ...core,
    high: channelHigh(core.channel),
    low: channelLow(core.channel),
    orderly:
      isChannelFull(core.channel, BLOCKS) &&
      core.window.patterns.length >= params.entropyBars - ENTROPY_ORDER + 1 &&
      normalisedEntropy(core.window) < params.entropyMax,
  };
}

/** The stance after seeing `price` against the channel of the closed bars before it. */
function nextStance(params: EntropyBreakoutParams, state: EntropyBreakoutState, price: number): Stance {
  if (state.orderly && price > state.high) return 1;
  if (state.orderly && price < state.low) return -1;
  const giveBack = (state.high - state.low) * params.exitFraction;
  if (state.stance === 1 && price < state.high - giveBack) return 0;
  if (state.stance === -1 && price > state.low + giveBack) return 0;
  return state.stance;
}

/**
 * Enters when a price leaves the channel of the last bars, if the closes were orderly (low permutation entropy); leaves when
 * the move gives back a share of the channel, orderly or not. Acts on ticks; learns on closed bars.
 */
export const entropyBreakout: Strategy<EntropyBreakoutParams, EntropyBreakoutState, z.infer<typeof rangesSchema>> = {
  name: 'entropy-breakout',
  stateVersion: 1,
  paramsSchema,
  rangesSchema,

  draw: (ranges, draw) => ({
    blockBars: draw.integer(ranges.block_bars),
    entropyBars: draw.integer(ranges.entropy_bars),
    entropyMax: Number(draw.real(ranges.entropy_max).toFixed(4)),
    exitFraction: Number(draw.real(ranges.exit_fraction).toFixed(4)),
  }),

  warmupBars,
  init: (params) => derived(params, { channel: initBlockChannel(), window: initPatternWindow(), bars: 0, stance: 0 }),
  barsSeen: (state) => state.bars,

  step(params, state, event) {
    const warm = state.bars >= warmupBars(params);
    if (event.kind === 'tick') {
      if (!warm) return { state, intent: HOLD };
      const stance = nextStance(params, state, event.price);
      if (stance === state.stance) return { state, intent: target(stance) };
      return { state: { ...state, stance }, intent: target(stance) };
    }
    // A warm-up has bars only: its closes stand for the ticks that nobody kept.
    const stance = warm ? nextStance(params, state, event.close) : 0;
    const next = derived(params, {
      channel: stepBlockChannel(state.channel, event.high, event.low, BLOCKS, params.blockBars),
      window: stepPatternWindow(state.window, event.close, params.entropyBars),
      bars: Math.min(state.bars + 1, COUNT_MAX),
      stance,
    });
    return { state: next, intent: warm ? target(stance) : HOLD };
  },

  encode: ({ channel, window, bars, stance }) => [
    bars,
    stance,
    channel.filled,
    window.patterns,
    window.tail.length,
    ...window.tail,
    ...channel.highs,
    ...channel.lows,
  ],

  decode(params, cells) {
    const [bars, stance, filled, patterns, tailLength, ...prices] = cells;
    if (!isCount(bars, COUNT_MAX) || !isCount(filled, params.blockBars) || !isCount(tailLength, 2)) return null;
    if (stance !== -1 && stance !== 0 && stance !== 1) return null;
    if (typeof patterns !== 'string' || patterns.length > ENTROPY_WINDOW_MAX || !/^[0-5]*$/.test(patterns)) return null;
    const edges = prices.length - tailLength;
    if (edges < 0 || edges % 2 !== 0 || edges > 2 * BLOCKS || !prices.every(isPrice)) return null;
    const highsEnd = tailLength + edges / 2;
    return derived(params, {
      channel: { highs: prices.slice(tailLength, highsEnd), lows: prices.slice(highsEnd), filled },
      window: { patterns, tail: prices.slice(0, tailLength) },
      bars,
      stance,
    });
  },
};

type Cell = StateCells[number] | undefined;
const isCount = (cell: Cell, max: number): cell is number =>
  Number.isInteger(cell) && (cell as number) >= 0 && (cell as number) <= max;
const isPrice = (cell: Cell): cell is number => typeof cell === 'number' && Number.isFinite(cell) && cell >= 0;
