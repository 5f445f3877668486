import { type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { EpochMs } from '../time.ts';
import type { LearnedEnd } from './apply-resolution.ts';
import { isEnded, type Order } from './order.ts';
import { fittingFills, isUnresolvable, type VenueFillView } from './resolve-unknown.ts';

/** Code of an end that a human gave. */
export const ENDED_BY_HAND = 'ended-by-hand';

/** How much of the order traded, by the venue's own pages, as a human has read them there. */
export interface HandEnd {
  /** `all` is the order's size. */
  readonly filled: DecimalText | 'all';
  readonly by: string;
  readonly reason: string;
}

export type EndByHand =
  | { readonly kind: 'end'; readonly end: LearnedEnd }
  /** It has ended like that already: the same request came twice. */
  | { readonly kind: 'ended-before' }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal<'order-ended' | 'still-resolving' | 'fill-too-large' | 'fills-contradict'>;
    };

/**
 * The end of an order whose fate the order tracker cannot find out, by a human's word. Only of such an order, and never against what is
 * stored: not less than is known to have traded, not more than was asked for. It counts as ended now, so that only sources that read
 * the account after this moment speak of the position.
 */
export function endByHand(order: Order, fills: readonly VenueFillView[], given: HandEnd, nowMs: EpochMs): EndByHand {
  const filled = given.filled === 'all' ? dec(order.size) : dec(given.filled);
  const { status, errorCode, size } = order;
  if (isEnded(status)) {
    if (errorCode === ENDED_BY_HAND && filled.eq(order.filledSize)) return { kind: 'ended-before' };
    return refused('order-ended', `the order has ended: ${status}, filled ${order.filledSize}`, { status });
  }
  if (!isUnresolvable(errorCode)) {
    const message = 'the order tracker still finds out what became of it, or has not looked since it expired';
    return refused('still-resolving', message, { status, code: errorCode });
  }
  if (filled.gt(size)) {
    return refused('fill-too-large', `${decimalText(filled)} is more than the order asked for`, { size });
  }
  // Under its venue id they are its own for certain; under the client id alone an earlier order may have left them.
  const own = fittingFills(order, fills).filter((fill) => fill.venueOrderId === order.venueOrderId);
  const traded = own.reduce((sum, fill) => sum.plus(fill.size), ZERO);
  const least = traded.gt(order.filledSize) ? traded : dec(order.filledSize);
  if (filled.lt(least) && filled.lt(size)) {
    const message = `${decimalText(least)} of it is known to have traded`;
    return refused('fills-contradict', message, { knownFilled: decimalText(least), fills: own.length });
  }
  return {
    kind: 'end',
    end: {
      status: filled.eq(size) ? 'filled' : 'cancelled',
      filledSize: decimalText(filled),
      averagePrice: order.averagePrice,
      venueEndedAtMs: nowMs,
      errorCode: ENDED_BY_HAND,
      errorMessage: `${given.by}: ${given.reason} (the order tracker said ${errorCode})`,
    },
  };
}

const refused = (
  code: (EndByHand & { kind: 'refused' })['refusal']['code'],
  message: string,
  numbers: Refusal['numbers'],
): EndByHand => ({ kind: 'refused', refusal: refusal(code, message, numbers) });
