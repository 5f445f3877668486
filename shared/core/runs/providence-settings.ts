import * as z from 'zod';
import { drawRangeSchema } from '../strategies/draw-range.ts';
import { emaCrossover } from '../strategies/ema-crossover.ts';
import { entropyBreakout } from '../strategies/entropy-breakout.ts';

/** One strategy of the population. */
const strategySection = <Ranges>(ranges: z.ZodType<Ranges>) =>
  z.strictObject({
    /** Part of new runs, relative to the other strategies; 0 starts none. */
    share: z.number().min(0).max(1000).default(1),
    /** Bars are built from ticks, one minute each. */
    timeframe: z.literal('1m', 'expected 1m: runs step on bars of one minute').default('1m'),
    params: ranges.prefault({} as never),
  });

const section = z.strictObject({
  desired_run_count: z.number().int().min(0).max(1_000_000).default(100),
  /** USD a run starts with. */
  virtual_balance: z.number().positive().max(1e9).default(7000),
  /** Share of the notional that a virtual trade costs. */
  fee_rate: z.number().min(0).max(0.05).default(0.0004),
  /** Runs of a symbol ÷ its leverage: above this ratio the symbol gets no more runs. */
  max_margin_allocation_threshold: z.number().positive().default(45),
  /** Direction units of one run. */
  max_position_direction: z.literal(1, 'expected 1: a run is long, flat or short by one unit').default(1),
  min_duration_s: z.number().int().min(1).default(300),
  max_duration_s: z.number().int().min(1).max(31_557_600).default(432_000),
  max_new_runs_per_cycle: z.number().int().min(1).max(100_000).default(500),
  /** Hours after which ended and stopped runs are deleted. */
  retention_h: z.number().int().min(1).default(168),
  /** Seed of the draws: the same seed and slots give the same runs. */
  seed: z.string().min(1).max(64).default('1'),
  /** 0 follows the strategy, 1 acts against it. */
  system_swing: drawRangeSchema(0, 1).prefault([0, 1]),
  /** A run opens nothing new after max duration ÷ this. */
  max_direction_reversal_divisor: drawRangeSchema(1, 1000).prefault([1, 9]),
  /** Drawn, ÷ 5 ÷ 1.618: 2.47 … 12.36 times the balance a year. */
  apr_target: drawRangeSchema(0.001, 1e9).prefault([20, 100]),
  /** One virtual position as a share of the virtual balance: 76 USD of 7000. */
  pos_weight: z
    .number()
    .positive()
    .max(1)
    .default(0.032732855219630354 / 3),
  strategies: z
    .strictObject({
      'ema-crossover': strategySection(emaCrossover.rangesSchema).prefault({}),
      'entropy-breakout': strategySection(entropyBreakout.rangesSchema).prefault({}),
    })
    .refine((s) => Object.values(s).some((v) => v.share > 0), 'expected a strategy with a share above 0')
    .prefault({}),
});

/**
 * Section `providence` of the settings, with the strategies' own parameters checked. Names and values of the original where
 * it has them; keys that a stage file leaves out take the original's value.
 */
export const providenceSettingsSchema = section.refine(
  (s) => s.min_duration_s <= s.max_duration_s,
  'min_duration_s must not be longer than max_duration_s',
);
export type ProvidenceSettings = z.infer<typeof providenceSettingsSchema>;

/** Section `take_profit`. */
export const takeProfitSettingsSchema = z.strictObject({
  /** 1 is +100 % on the baseline; null switches take profit and drawdown off. */
  threshold: z.number().positive().nullable().default(1),
  /** Drawdown limit = threshold ÷ this: 0.2 is −20 %. */
  reward_multiple: z.number().positive().default(5),
  /** Seconds after which a latched stop clears itself; null waits for a human. */
  rearm_after_s: z.number().int().min(1).nullable().default(null),
});
export type TakeProfitSettings = z.infer<typeof takeProfitSettingsSchema>;
