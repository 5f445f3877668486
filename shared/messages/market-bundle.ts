import * as z from 'zod';
import { decimalText, epochMs, nameText, symbolText } from './fields.ts';
import { traceSchema } from './trace.ts';

/** One trade of the bundle. `gap: true` on the bundle says that trades before the first item may be missing. */
const tradeItem = z.object({
  id: z.string().min(1).max(64),
  px: decimalText,
  sz: decimalText,
  side: z.enum(['buy', 'sell']),
  t: epochMs,
});

/** Kinesis stream `market`, partition key `exchange:symbol`: trades of one symbol in venue order. */
export const marketBundleSchema = z.object({
  v: z.literal(1),
  type: z.literal('trades'),
  exchange: nameText,
  symbol: symbolText,
  items: z.array(tradeItem).min(1).max(1000),
  /** The producer reconnected or lost data before the first item. */
  gap: z.boolean().optional(),
  trace: traceSchema,
});
export type MarketBundle = z.infer<typeof marketBundleSchema>;
