import * as z from 'zod';
import { dec, decimalText } from '#shared/core/decimal.ts';
import type { ManualOrder } from '#shared/core/orders/manual-order.ts';
import type { Order } from '#shared/core/orders/order.ts';
import type { HandRefusal } from '#shared/core/orders/refusal-codes.ts';
import type { Refusal } from '#shared/core/refusal.ts';
import { decimalText as decimalField, symbolText } from './fields.ts';

/** A number, or a number as text, above zero. */
const positive = z
  .union([z.number().finite(), decimalField])
  .transform((value) => decimalText(value))
  .refine((text) => dec(text).gt(0) && text.length <= 40, 'expected a number above zero');

/** Body of `POST /execute_order`, as the original's: `{symbol, side, size, type, price?}`. */
export const manualOrderSchema = z
  .strictObject({
    symbol: symbolText,
    side: z.enum(['buy', 'sell']),
    size: positive,
    type: z.enum(['market', 'limit']),
    price: positive.nullish(),
  })
  .refine((body) => body.type === 'market' || (body.price ?? null) !== null, {
    message: 'a limit order needs a price',
    path: ['price'],
  })
  .transform((body): ManualOrder => ({ ...body, price: body.type === 'limit' ? (body.price ?? null) : null }));

/** What became of a manual order within the time that the caller was made to wait. */
export type ManualOrderOutcome =
  | { readonly kind: 'invalid'; readonly problems: string }
  /** The idempotency key was used for another body. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'refused'; readonly refusal: Refusal<HandRefusal> }
  | { readonly kind: 'order'; readonly order: Order };

export interface ManualOrderReply {
  readonly client_order_id: string | null;
  readonly status: 'accepted' | 'filled' | 'cancelled' | 'pending' | 'unknown' | 'rejected' | 'expired' | 'refused';
  /** Coded reason, or null. */
  readonly code: string | null;
  readonly message: string;
  readonly exchange_order_id: string | null;
}

/** Refusals that may pass when the other order has ended. */
const CONFLICTS = ['order-in-flight', 'superseded', 'stale-epoch'];

/**
 * HTTP status and body. 200 the venue took it · 202 not sent or answered yet · 409 the key or the symbol is taken · 422 refused,
 * by us or by the venue · 503 it expired before it could be sent · 504 the venue's answer was lost: ask again with the same key.
 */
export function manualOrderAnswer(outcome: ManualOrderOutcome): {
  readonly httpStatus: number;
  readonly body: ManualOrderReply;
} {
  const none = { client_order_id: null, exchange_order_id: null, status: 'refused' } as const;
  switch (outcome.kind) {
    case 'invalid':
      return { httpStatus: 422, body: { ...none, code: 'invalid', message: outcome.problems } };
    case 'conflict': {
      const message = 'this Idempotency-Key was used for another order';
      return { httpStatus: 409, body: { ...none, code: 'idempotency-conflict', message } };
    }
    case 'refused': {
      const { code, message } = outcome.refusal;
      return { httpStatus: CONFLICTS.includes(code) ? 409 : 422, body: { ...none, code, message } };
    }
    case 'order':
      return orderAnswer(outcome.order);
  }
}

function orderAnswer(order: Order): { readonly httpStatus: number; readonly body: ManualOrderReply } {
  const [httpStatus, status, message] = wordsFor(order);
  return {
    httpStatus,
    body: {
      client_order_id: order.clientOrderId,
      status,
      code: order.errorCode,
      message: order.errorMessage ?? message,
      exchange_order_id: order.venueOrderId,
    },
  };
}

function wordsFor(order: Order): readonly [number, ManualOrderReply['status'], string] {
  switch (order.status) {
    case 'intent':
    case 'sending':
      return [202, 'pending', 'stored; the answer is not here yet'];
    case 'unknown':
      return [504, 'unknown', 'sent; its answer was lost and is being asked for'];
    case 'open':
    case 'partially-filled':
      return [200, 'accepted', `accepted by the venue, ${order.filledSize} of ${order.size} filled`];
    case 'filled':
      return [200, 'filled', `filled at ${order.averagePrice ?? 'an unknown price'}`];
    case 'cancelled':
      return [200, 'cancelled', `cancelled, ${order.filledSize} of ${order.size} filled`];
    case 'rejected':
      return [422, 'rejected', 'rejected'];
    case 'expired':
      return [503, 'expired', 'expired before it was sent'];
  }
}
