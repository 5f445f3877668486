import * as z from 'zod';
import { findStrategy } from '../strategies/registry.ts';
import type { Strategy } from '../strategies/strategy.ts';

/** What `runs.params_json` holds: drawn once by the supervisor, never changed. */
const runParamsSchema = z.object({
  v: z.literal(1),
  /** Parameters of the strategy, checked by the strategy's own schema. */
  strategy: z.unknown(),
  /** Acts against the strategy's word: the original's `system_swing`. */
  inverted: z.boolean(),
  /** The run ends at this age. */
  maxDurationMs: z.number().int().min(1).max(31_557_600_000),
  /** From this age a run that is flat and wants to trade ends instead (`reversal`). */
  maxDirectionReversalMs: z.number().int().min(0),
  /** The run ends when its annualised return passes this (2.47 is 247 %). */
  aprTarget: z.number().positive(),
  /** Value of one virtual position. */
  notionalQuote: z.number().positive().max(1e9),
  /** Share of the notional that a virtual trade costs. */
  feeRate: z.number().min(0).max(0.01),
  /** Of the symbol when the run was drawn, for the record. */
  leverage: z.number().min(1).max(1000),
});

export type RunParams = Omit<z.infer<typeof runParamsSchema>, 'v'>;

/** A run's fixed part, parsed once: strategy and parameters together. */
export interface RunPlan extends RunParams {
  readonly definition: Strategy;
}

export const encodeRunParams = (params: RunParams): string => JSON.stringify({ v: 1, ...params });

/** Null when the text, the strategy's name or its parameters are not understood. */
export function decodeRunPlan(strategyName: string, paramsJson: string): RunPlan | null {
  const definition = findStrategy(strategyName);
  if (!definition) return null;
  let json: unknown;
  try {
    json = JSON.parse(paramsJson);
  } catch {
    return null;
  }
  const parsed = runParamsSchema.safeParse(json);
  if (!parsed.success) return null;
  const strategyParams = definition.paramsSchema.safeParse(parsed.data.strategy);
  if (!strategyParams.success) return null;
  const { v: _, ...params } = parsed.data;
  return { ...params, strategy: strategyParams.data, definition };
}
