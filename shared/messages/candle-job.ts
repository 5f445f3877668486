import * as z from 'zod';
import { TIMEFRAMES, type Timeframe } from '#shared/core/time.ts';
import { epochMs, nameText, symbolText } from './fields.ts';
import { traceSchema } from './trace.ts';

/** SQS queue `candle-jobs`: fetch the bars of one series. */
export const candleJobSchema = z.object({
  v: z.literal(1),
  type: z.literal('candle-job'),
  exchange: nameText,
  symbol: symbolText,
  timeframe: z.enum(TIMEFRAMES as [Timeframe, ...Timeframe[]]),
  fromMs: epochMs,
  toMs: epochMs,
  trace: traceSchema,
});
export type CandleJob = z.infer<typeof candleJobSchema>;
