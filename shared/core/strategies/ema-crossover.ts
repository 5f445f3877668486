import * as z from 'zod';
import { COUNT_MAX, type Ema, initEma, stepEma } from '../indicators/ema.ts';
import { drawRangeSchema } from './draw-range.ts';
import { HOLD, type Stance, type StateCells, type Strategy, target } from './strategy.ts';

const paramsSchema = z.object({
  /** Period of the fast average in bars. */
  fastBars: z.number().int().min(2).max(500),
  /** Period of the slow average in bars; longer than the fast one. */
  slowBars: z.number().int().min(3).max(1000),
  /** The averages must be this far apart (share of the slow one) before the stance turns: keeps noise from paying fees. */
  bandFraction: z.number().min(0).max(0.05),
});
export type EmaCrossoverParams = z.infer<typeof paramsSchema>;

/** The defaults warm up within the 120 one-minute candles that the default configuration fetches. */
const rangesSchema = z.strictObject({
  fast_bars: drawRangeSchema(2, 500).default([3, 12]),
  slow_bars: drawRangeSchema(3, 1000).default([15, 36]),
  band_fraction: drawRangeSchema(0, 0.05).default([0, 0.0005]),
});

export interface EmaCrossoverState {
  readonly fast: Ema;
  readonly slow: Ema;
  readonly stance: Stance;
}

/** The seed of an EMA weighs (1 − 2/(n+1))^(3n) ≈ e⁻⁶ after three periods: a quarter of a percent. */
const WARMUP_PERIODS = 3;

/** Long while the fast average is above the slow one, short while below; decides on closed bars only. */
export const emaCrossover: Strategy<EmaCrossoverParams, EmaCrossoverState, z.infer<typeof rangesSchema>> = {
  name: 'ema-crossover',
  stateVersion: 1,
  paramsSchema: paramsSchema.refine((p) => p.slowBars > p.fastBars, 'slowBars must be longer than fastBars'),
  rangesSchema,

  draw(ranges, draw) {
    const fastBars = draw.integer(ranges.fast_bars);
    const slowBars = Math.max(draw.integer(ranges.slow_bars), fastBars + 1);
    return { fastBars, slowBars, bandFraction: Number(draw.real(ranges.band_fraction).toFixed(6)) };
  },

  warmupBars: (params) => WARMUP_PERIODS * params.slowBars,
  init: () => ({ fast: initEma(), slow: initEma(), stance: 0 }),
  barsSeen: (state) => state.slow.count,

  step(params, state, event) {
    const needed = WARMUP_PERIODS * params.slowBars;
    // Between bars the stance stands: a run that is warm before its first bar closes need not wait for it.
    if (event.kind === 'tick') return { state, intent: state.slow.count >= needed ? target(state.stance) : HOLD };
    const fast = stepEma(state.fast, event.close, params.fastBars);
    const slow = stepEma(state.slow, event.close, params.slowBars);
    const band = slow.value * params.bandFraction;
    const distance = fast.value - slow.value;
    const stance: Stance = distance > band ? 1 : distance < -band ? -1 : state.stance;
    return { state: { fast, slow, stance }, intent: slow.count >= needed ? target(stance) : HOLD };
  },

  encode: (state) => [state.fast.value, state.slow.value, state.slow.count, state.stance],

  decode(_params, cells) {
    const [fast, slow, count, stance] = cells;
    if (cells.length !== 4 || !isPrice(fast) || !isPrice(slow) || !isCount(count) || !isStance(stance)) return null;
    return { fast: { value: fast, count }, slow: { value: slow, count }, stance };
  },
};

type Cell = StateCells[number] | undefined;
const isPrice = (cell: Cell): cell is number => typeof cell === 'number' && Number.isFinite(cell) && cell >= 0;
const isCount = (cell: Cell): cell is number =>
  Number.isInteger(cell) && (cell as number) >= 0 && (cell as number) <= COUNT_MAX;
const isStance = (cell: Cell): cell is Stance => cell === -1 || cell === 0 || cell === 1;
