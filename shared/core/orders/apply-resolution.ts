import type { DecimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import type { EndStatus, Order } from './order.ts';
import { isUnresolvable, type Resolution, type StillUnknownReason } from './resolve-unknown.ts';

export interface LearnedAnswer {
  readonly status: 'open' | 'partially-filled' | 'unknown';
  readonly venueOrderId: string | null;
  readonly filledSize: DecimalText;
  readonly averagePrice: DecimalText | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export interface LearnedEnd {
  readonly status: EndStatus;
  readonly filledSize: DecimalText;
  readonly averagePrice: DecimalText | null;
  readonly venueEndedAtMs: EpochMs | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export type WhatToStore =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'answer'; readonly answer: LearnedAnswer }
  | { readonly kind: 'end'; readonly end: LearnedEnd }
  /** `answer`: what the order says of it from now on; null where it says so already, or the next look may tell. */
  | { readonly kind: 'wait'; readonly reason: StillUnknownReason; readonly answer: LearnedAnswer | null };

/** What a resolution changes about the stored order: nothing, an answer, or its end. */
export function whatToStore(order: Order, resolution: Resolution): WhatToStore {
  if (resolution.kind === 'still-unknown') {
    const { reason } = resolution;
    return { kind: 'wait', reason, answer: isUnresolvable(reason) ? givenUp(order, reason) : null };
  }
  if (resolution.kind === 'never-accepted') {
    const end = {
      status: 'expired',
      filledSize: '0',
      averagePrice: null,
      // Whatever the three answers hid, the venue took nothing after this: a source that is later knows for certain.
      venueEndedAtMs: order.expiresAtMs,
      errorCode: 'never-accepted',
      errorMessage: 'order status, open orders and fills all lack it after its expiry at the venue',
    } as const;
    return { kind: 'end', end };
  }
  const { status, venueOrderId, filledSize, averagePrice } = resolution;
  if (status === 'open' || status === 'partially-filled') {
    const isKnown =
      order.status === status &&
      order.venueOrderId === venueOrderId &&
      order.filledSize === filledSize &&
      !isUnresolvable(order.errorCode);
    const answer = { status, venueOrderId, filledSize, averagePrice, errorCode: null, errorMessage: null };
    return isKnown ? { kind: 'nothing' } : { kind: 'answer', answer };
  }
  return {
    kind: 'end',
    end: {
      status,
      filledSize,
      averagePrice: averagePrice ?? order.averagePrice,
      venueEndedAtMs: 'venueEndedAtMs' in resolution ? resolution.venueEndedAtMs : null,
      ...(status === 'filled' || !('venueStatus' in resolution)
        ? { errorCode: null, errorMessage: null }
        : wordsOf(resolution.venueStatus, resolution.endCode)),
    },
  };
}

/** The order as it is, with the reason why nobody knows its end: only a human can give it one (end-by-hand.ts). */
function givenUp(order: Order, reason: StillUnknownReason): LearnedAnswer | null {
  if (order.errorCode === reason) return null;
  const { status, venueOrderId, filledSize, averagePrice } = order;
  const errorMessage = 'the venue answered all questions about it, and the answers do not say what became of it';
  const kept = status === 'open' || status === 'partially-filled' ? status : 'unknown';
  return { status: kept, venueOrderId, filledSize, averagePrice, errorCode: reason, errorMessage };
}

/** Our code with the venue's word beside it, or the word alone where it means nothing to us. */
const wordsOf = (venueStatus: string, endCode: string | undefined) => ({
  errorCode: (endCode ?? venueStatus).slice(0, 64),
  errorMessage: endCode === undefined ? null : `the venue says ${venueStatus}`,
});
