import * as z from 'zod';
import {
  decimalText as canonical,
  fitsMicros,
  isDecimalText,
  isPositiveText,
  isUnsignedText,
} from '#shared/core/decimal.ts';

/** Fields of any venue's replies. */

/** Venues write `0.0` and `-0.0`; inside, a number has one spelling. */
export const decimal = z
  .string()
  .max(40)
  .refine(isDecimalText, 'expected a decimal number as text')
  .transform((text) => canonical(text));
export const positive = decimal.refine(isPositiveText, 'expected a positive number');
export const unsigned = decimal.refine(isUnsignedText, 'expected no negative number');
/** An amount of quote; sums and columns hold no larger ones. */
export const money = decimal.refine(fitsMicros, 'more than there is money');
export const time = z.number().int().min(0).max(4_102_444_800_000);

/** A list whose rows are read one by one (sift-rows.ts). */
export const rows = z.array(z.unknown());
