import * as z from 'zod';
import { drawRangeSchema } from '../strategies/draw-range.ts';
import { emaCrossover } from '../strategies/ema-crossover.ts';
import { entropyBreakout } from '../strategies/entropy-breakout.ts';

/** One strategy of the population: how often it is drawn, and from what. Weight 0 switches it off. */
const strategySection = <Ranges>(ranges: z.ZodType<Ranges>) =>
  z.strictObject({
    weight: z.number().min(0).max(1000).default(1),
    params: ranges.prefault({} as never),
  });

/** Section `providence` of the configuration: names and values of the original where it has them. */
export const providenceSettingsSchema = z.strictObject({
  desired_run_count: z.number().int().min(0).max(100_000).default(100),
  /** USD a run starts with. */
  virtual_balance: z.number().positive().max(1e9).default(7000),
  /** Runs of a symbol ÷ its leverage: at this ratio the symbol gets no more runs. */
  max_margin_allocation_threshold: z.number().positive().default(45),
  /** Ended and stopped runs are deleted at this age. */
  purge_age_minutes: z.number().int().min(1).default(180),
  /** Most runs created in one pass of the supervisor; the next pass goes on. */
  create_batch_max: z.number().int().min(1).max(5000).default(500),
  /** Seed of the draws: the same seed and slots give the same runs. */
  seed: z.string().min(1).max(64).default('1'),
  /** Share of the notional that a virtual trade costs (the original's VOMS fee). */
  fee_rate: z.number().min(0).max(0.01).default(0.0004),
  ann_params: z
    .strictObject({
      /** 0 follows the strategy, 1 acts against it. */
      system_swing: drawRangeSchema(0, 1).default([0, 1]),
      /** Seconds. */
      max_duration: drawRangeSchema(1, 31_557_600).default([300, 15_778_800]),
      max_direction_reversal_divisor: drawRangeSchema(1, 1000).default([1, 9]),
      /** Drawn, ÷ 5 ÷ 1.618: 2.47 … 12.36 times the balance a year. */
      apr_target: drawRangeSchema(0.001, 1e9).default([20, 100]),
      /** One virtual position as a share of the virtual balance: 76 USD of 7000. */
      pos_weight: z
        .number()
        .positive()
        .max(1)
        .default(0.032732855219630354 / 3),
    })
    .prefault({}),
  strategies: z
    .strictObject({
      'ema-crossover': strategySection(emaCrossover.rangesSchema).prefault({}),
      'entropy-breakout': strategySection(entropyBreakout.rangesSchema).prefault({}),
    })
    .refine((s) => Object.values(s).some((v) => v.weight > 0), 'expected a strategy with a weight above 0')
    .prefault({}),
});
export type ProvidenceSettings = z.infer<typeof providenceSettingsSchema>;

/** Section `take_profit`. */
export const takeProfitSettingsSchema = z.strictObject({
  /** 1 is +100 % on the baseline. */
  threshold: z.number().positive().default(1),
  /** Drawdown limit = threshold ÷ this: 0.2 is −20 %. */
  reward_multiple: z.number().positive().default(5),
  /** Seconds after which a latched stop clears itself; null waits for a human. */
  rearm_after: z.number().int().min(1).nullable().default(null),
});
export type TakeProfitSettings = z.infer<typeof takeProfitSettingsSchema>;
