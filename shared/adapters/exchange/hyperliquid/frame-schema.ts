import * as z from 'zod';
import { isPositiveText } from '#shared/core/decimal.ts';

/** Messages of HyperLiquid's WebSocket, as far as the feed reads them. Trades are checked one by one. */

const positiveDecimal = z.string().refine(isPositiveText, 'expected a positive number');

/** One public trade. `side` B: the taker bought. `tid` identifies it within its coin. */
export const wireTradeSchema = z.looseObject({
  coin: z.string().min(1).max(32),
  side: z.enum(['A', 'B']),
  px: positiveDecimal,
  sz: positiveDecimal,
  time: z.int().min(0).max(4_102_444_800_000),
  tid: z.int().min(0),
});
export type WireTrade = z.infer<typeof wireTradeSchema>;

export const wireMessageSchema = z.discriminatedUnion('channel', [
  z.looseObject({ channel: z.literal('trades'), data: z.array(z.unknown()).max(10_000) }),
  z.looseObject({ channel: z.literal('pong') }),
  z.looseObject({
    channel: z.literal('subscriptionResponse'),
    data: z.looseObject({
      method: z.string(),
      subscription: z.looseObject({ type: z.string(), coin: z.string().optional() }),
    }),
  }),
  z.looseObject({ channel: z.literal('error'), data: z.string() }),
]);
