import * as z from 'zod';
import { epochMs, nameText, symbolText } from './fields.ts';
import { traceSchema } from './trace.ts';

export const clientOrderIdSchema = z
  .string()
  .regex(/^0x[0-9a-f]{32}$/, 'expected 0x and 32 lower-case hex digits')
  .transform((text) => text as `0x${string}`);

/**
 * SQS FIFO queue `orders`, one group per exchange:account. News only: what to send is the intent row of `clientOrderId`.
 * Executed at most once whatever the queue redelivers; never executed after `expiresAtMs`.
 */
export const orderCommandSchema = z.object({
  v: z.literal(1),
  type: z.literal('order'),
  exchange: nameText,
  account: nameText,
  symbol: symbolText,
  clientOrderId: clientOrderIdSchema,
  expiresAtMs: epochMs,
  trace: traceSchema,
});
export type OrderCommand = z.infer<typeof orderCommandSchema>;

/** Same queue and group: cancel one of our resting orders. */
export const cancelCommandSchema = z.object({
  v: z.literal(1),
  type: z.literal('cancel'),
  exchange: nameText,
  account: nameText,
  symbol: symbolText,
  clientOrderId: clientOrderIdSchema,
  reason: z.string().min(1).max(200),
  expiresAtMs: epochMs,
  trace: traceSchema,
});
export type CancelCommand = z.infer<typeof cancelCommandSchema>;

/** Same queue and group: look whether the account's key may sign. It alone may read it. */
export const keyCheckCommandSchema = z.object({
  v: z.literal(1),
  type: z.literal('check-key'),
  exchange: nameText,
  account: nameText,
  expiresAtMs: epochMs,
  trace: traceSchema,
});
export type KeyCheckCommand = z.infer<typeof keyCheckCommandSchema>;

export const gatewayCommandSchema = z.discriminatedUnion('type', [
  orderCommandSchema,
  cancelCommandSchema,
  keyCheckCommandSchema,
]);
export type GatewayCommand = z.infer<typeof gatewayCommandSchema>;
