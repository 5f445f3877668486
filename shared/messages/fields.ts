import * as z from 'zod';
import { isDecimalText, isPositiveText, isUnsignedText } from '#shared/core/decimal.ts';

/** Field types that every wire format shares. */
export const decimalText = z.string().refine(isDecimalText, 'expected a decimal number as text, such as "12.5"');
export const positiveText = z.string().refine(isPositiveText, 'expected a positive number as text, such as "12.5"');
export const unsignedText = z.string().refine(isUnsignedText, 'expected a number of zero or more as text');
/** 2100-01-01. */
export const EPOCH_MS_MAX = 4_102_444_800_000;
export const epochMs = z.number().int().min(0).max(EPOCH_MS_MAX);
export const symbolText = z.string().min(3).max(50);
export const nameText = z.string().min(1).max(64);
