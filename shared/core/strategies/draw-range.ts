import * as z from 'zod';
import type { DrawRange } from './strategy.ts';

/** Configuration of a drawn parameter: `[smallest, largest]` inside the given bounds. */
export const drawRangeSchema = (min: number, max: number): z.ZodType<DrawRange> =>
  z
    .tuple([z.number().min(min).max(max), z.number().min(min).max(max)])
    .refine(([low, high]) => low <= high, 'expected [smallest, largest]');
