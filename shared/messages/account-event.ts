import * as z from 'zod';
import { decimalText, epochMs, nameText } from './fields.ts';
import { traceSchema } from './trace.ts';

/** Kinesis stream `account`, partition key `exchange:account`: a newer balance snapshot was stored. */
export const accountEventSchema = z.object({
  v: z.literal(1),
  type: z.literal('balance'),
  exchange: nameText,
  account: nameText,
  equityQuote: decimalText,
  marginUsedQuote: decimalText,
  maintenanceMarginQuote: decimalText,
  venueTimeMs: epochMs,
  complete: z.boolean(),
  trace: traceSchema,
});
export type AccountEvent = z.infer<typeof accountEventSchema>;
