import { assert } from '../assert.ts';
import { type DecimalText, dec, decimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import { endMeaning } from './end-meaning.ts';
import { type EndStatus, isEnded, type Order, type OrderStatus } from './order.ts';

/** What can be learned about an order after its intent was stored. */
export type OrderEvent =
  | { readonly type: 'sending'; readonly atMs: EpochMs }
  | {
      readonly type: 'answered';
      readonly status: 'open' | 'partially-filled' | 'unknown';
      readonly venueOrderId: string | null;
      /** Cumulative, base units. */
      readonly filledSize: DecimalText;
      readonly averagePrice: DecimalText | null;
      readonly errorCode: string | null;
      readonly errorMessage: string | null;
      readonly atMs: EpochMs;
    }
  | {
      readonly type: 'ended';
      readonly status: EndStatus;
      readonly filledSize: DecimalText;
      readonly averagePrice: DecimalText | null;
      readonly venueEndedAtMs: EpochMs | null;
      readonly errorCode: string | null;
      readonly errorMessage: string | null;
      /** Ends it only from one of these: a writer that knows that nothing left the machine must not end what was sent since. */
      readonly onlyFrom?: readonly OrderStatus[] | undefined;
      readonly atMs: EpochMs;
    };

export type IgnoredReason = 'already-ended' | 'not-an-intent' | 'never-sent' | 'status-moved-on' | 'beyond-its-size';

export type Transition =
  | { readonly kind: 'apply'; readonly next: Order }
  | { readonly kind: 'ignore'; readonly reason: IgnoredReason };

/**
 * The life of an order (see OrderStatus). An end is never left; the cumulative fill never shrinks, nor exceeds the order's size;
 * only an intent is sent; an order that was never sent has no answer and can only be refused, expire or be cancelled. News that breaks this is ignored
 * with a reason, because deliveries repeat and overtake each other.
 */
export function decide(order: Order, event: OrderEvent): Transition {
  if (isEnded(order.status)) return ignore(event.type === 'sending' ? 'not-an-intent' : 'already-ended');
  if (event.type !== 'sending' && dec(event.filledSize).gt(order.size)) return ignore('beyond-its-size');
  switch (event.type) {
    case 'sending':
      return order.status === 'intent' ? apply(order, event) : ignore('not-an-intent');
    case 'answered':
      return order.status === 'intent' ? ignore('never-sent') : apply(order, event);
    case 'ended':
      if (event.onlyFrom && !event.onlyFrom.includes(order.status)) return ignore('status-moved-on');
      if (order.status === 'intent' && (event.status === 'filled' || dec(event.filledSize).gt(0))) {
        return ignore('never-sent');
      }
      return apply(order, event);
  }
}

const apply = (order: Order, event: OrderEvent): Transition => ({ kind: 'apply', next: evolve(order, event) });
const ignore = (reason: IgnoredReason): Transition => ({ kind: 'ignore', reason });

/** Applies an event that {@link decide} allowed. */
export function evolve(order: Order, event: OrderEvent): Order {
  assert(!isEnded(order.status), 'an ended order never changes');
  switch (event.type) {
    case 'sending':
      return { ...order, status: 'sending', sentAtMs: event.atMs };
    case 'answered': {
      const filled = laterFill(order, event);
      return {
        ...order,
        ...filled,
        status: answeredStatus(order, event.status, filled.filledSize),
        venueOrderId: event.venueOrderId ?? order.venueOrderId,
        errorCode: event.errorCode,
        errorMessage: event.errorMessage,
        answeredAtMs: order.answeredAtMs ?? event.atMs,
      };
    }
    case 'ended':
      return {
        ...order,
        ...laterFill(order, event),
        status: event.status,
        errorCode: event.errorCode,
        errorMessage: event.errorMessage,
        answeredAtMs: order.answeredAtMs ?? (order.sentAtMs === null ? null : event.atMs),
        endedAtMs: event.atMs,
        venueEndedAtMs: event.venueEndedAtMs,
      };
  }
}

/** An order that the venue acknowledged does not become unknown again, and one with a fill is not merely open. */
function answeredStatus(
  order: Order,
  status: 'open' | 'partially-filled' | 'unknown',
  filled: DecimalText,
): OrderStatus {
  if (dec(filled).gt(0)) return 'partially-filled';
  if (status === 'unknown' && (order.status === 'open' || order.status === 'partially-filled')) return order.status;
  return status;
}

function laterFill(
  order: Order,
  event: { readonly filledSize: DecimalText; readonly averagePrice: DecimalText | null },
): Pick<Order, 'filledSize' | 'averagePrice'> {
  return dec(event.filledSize).gte(order.filledSize)
    ? { filledSize: decimalText(event.filledSize), averagePrice: event.averagePrice ?? order.averagePrice }
    : { filledSize: order.filledSize, averagePrice: order.averagePrice };
}

/**
 * Exits in a row that found nothing within their price, which widen the next exit's bound (architecture, rule 3.7). Whatever else ended
 * one says nothing about prices and leaves the count alone.
 */
export function exitAttemptsAfter(ended: Order): 'raise' | 'reset' | 'keep' {
  if (ended.orderClass !== 'reduce' && ended.orderClass !== 'protect') return 'reset';
  const meaning = endMeaning(ended);
  if (meaning === 'filled') return 'reset';
  return meaning === 'no-match' ? 'raise' : 'keep';
}
