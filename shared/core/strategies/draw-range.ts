import * as z from 'zod';
import type { DrawRange } from './strategy.ts';

/** Configuration of a drawn parameter inside the given bounds: one value, or `[smallest, largest]` to draw from. */
export const drawRangeSchema = (min: number, max: number): z.ZodType<DrawRange, number | [number, number]> => {
  const value = z.number().min(min).max(max);
  return z
    .union([value.transform((v): [number, number] => [v, v]), z.tuple([value, value])])
    .refine(([low, high]) => low <= high, 'expected one value or [smallest, largest]');
};
