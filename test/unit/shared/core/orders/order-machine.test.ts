import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { endMeaning } from '#shared/core/orders/end-meaning.ts';
import { isEnded, type Order, type OrderStatus } from '#shared/core/orders/order.ts';
import { decide, exitAttemptsAfter, type OrderEvent } from '#shared/core/orders/order-machine.ts';
import { order, T0 } from '#test/support/orders.ts';

const nothing = { averagePrice: null, errorCode: null, errorMessage: null };
const answered = (
  status: 'open' | 'partially-filled' | 'unknown',
  filledSize = '0',
  venueOrderId: string | null = null,
) => ({ type: 'answered', status, filledSize, venueOrderId, ...nothing, atMs: T0 + 2 }) as const;
const ended = (status: 'filled' | 'cancelled' | 'rejected' | 'expired', filledSize = '0', onlyFrom?: OrderStatus[]) =>
  ({ type: 'ended', status, filledSize, ...nothing, venueEndedAtMs: T0 + 3, onlyFrom, atMs: T0 + 4 }) as const;
const sending: OrderEvent = { type: 'sending', atMs: T0 + 1 };

const given = (start: Partial<Order>, ...events: OrderEvent[]) => {
  let current = order(start);
  let last: string = 'apply';
  for (const event of events) {
    const transition = decide(current, event);
    last = transition.kind === 'apply' ? 'apply' : transition.reason;
    if (transition.kind === 'apply') current = transition.next;
  }
  return { order: current, last };
};

describe('order machine', () => {
  it.each([
    ['intent', sending, 'sending'],
    ['sending', answered('open', '0', '7'), 'open'],
    ['sending', answered('unknown'), 'unknown'],
    ['unknown', answered('open', '0', '7'), 'open'],
    ['open', answered('partially-filled', '0.5'), 'partially-filled'],
    ['open', answered('unknown'), 'open'],
    ['unknown', ended('expired'), 'expired'],
    ['partially-filled', ended('cancelled', '0.5'), 'cancelled'],
    ['intent', ended('rejected'), 'rejected'],
    ['intent', ended('expired'), 'expired'],
  ] as const)('leads from %s by %o to %s', (status, event, next) => {
    expect(given({ status }, event).order.status).toBe(next);
  });

  it.each([
    ['sending', sending, 'not-an-intent'],
    ['filled', sending, 'not-an-intent'],
    ['intent', answered('open'), 'never-sent'],
    ['intent', ended('filled', '1'), 'never-sent'],
    ['intent', ended('cancelled', '0.1'), 'never-sent'],
    ['filled', answered('open'), 'already-ended'],
    ['expired', ended('filled', '1'), 'already-ended'],
    ['sending', ended('expired', '0', ['intent']), 'status-moved-on'],
  ] as const)('ignores, in %s, %o: %s', (status, event, reason) => {
    const before = order({ status });
    expect(given({ status }, event)).toEqual({ order: before, last: reason });
  });

  it('says open orders with a fill are partially filled', () => {
    expect(given({ status: 'sending' }, answered('open', '0.3')).order).toMatchObject({
      status: 'partially-filled',
      filledSize: '0.3',
    });
  });

  it('takes no fill beyond its size, neither as an answer nor as an end', () => {
    const start = { status: 'partially-filled', size: '0.36', filledSize: '0.1' } as const;
    for (const news of [answered('partially-filled', '0.5'), ended('filled', '0.5')]) {
      const { order: after, last } = given(start, news);
      expect(last).toBe('beyond-its-size');
      expect(after).toMatchObject({ status: 'partially-filled', filledSize: '0.1' });
    }
    expect(given(start, ended('filled', '0.36')).order).toMatchObject({ status: 'filled', filledSize: '0.36' });
  });

  it('keeps the time of the first answer and gives none to an order that was never sent', () => {
    const first = given({ status: 'sending', sentAtMs: T0 }, answered('open'), { ...answered('open'), atMs: T0 + 9 });
    expect(first.order.answeredAtMs).toBe(T0 + 2);
    expect(given({}, ended('rejected')).order.answeredAtMs).toBeNull();
  });

  it('never leaves an end and never lets the fill shrink, whatever news comes in whatever order', () => {
    const size = fc.constantFrom('0', '0.25', '0.5', '1');
    const event: fc.Arbitrary<OrderEvent> = fc.oneof(
      fc.constant(sending),
      fc
        .tuple(fc.constantFrom('open' as const, 'partially-filled' as const, 'unknown' as const), size)
        .map((a) => answered(...a)),
      fc
        .tuple(fc.constantFrom('filled' as const, 'cancelled' as const, 'rejected' as const, 'expired' as const), size)
        .map((a) => ended(...a)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        let current = order();
        let sends = 0;
        for (const next of events) {
          const before = current;
          const transition = decide(before, next);
          if (transition.kind === 'ignore') continue;
          current = transition.next;
          if (next.type === 'sending') sends += 1;
          expect(isEnded(before.status)).toBe(false);
          expect(dec(current.filledSize).gte(before.filledSize)).toBe(true);
          expect(current.status === 'intent', 'an intent is left at once').toBe(false);
        }
        expect(sends).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('exitAttemptsAfter', () => {
  const reduce = { orderClass: 'reduce', status: 'rejected', sentAtMs: T0 } as const;
  const cancelled = { ...reduce, status: 'cancelled', errorCode: 'cancelled', timeInForce: 'Ioc' } as const;
  it.each([
    ['reset', { ...reduce, orderClass: 'open' }],
    ['reset', { ...reduce, filledSize: '1' }],
    ['raise', { ...reduce, errorCode: 'ioc-no-match' }],
    ['raise', { ...cancelled, filledSize: '0.9' }],
    ['raise', { ...cancelled, orderClass: 'protect' }],
    ['keep', { ...cancelled, timeInForce: 'Gtc' }],
    ['keep', { ...cancelled, errorCode: 'reduce-only-would-increase' }],
    ['keep', { ...reduce, sentAtMs: null }],
    ['keep', { ...reduce, status: 'expired', errorCode: 'never-accepted' }],
    ['keep', { ...reduce, errorCode: null }],
  ] as const)('is %s after %o', (expected, ended) => {
    expect(exitAttemptsAfter(order(ended))).toBe(expected);
  });

  it.each([
    ...['venue-closed', 'not-tradable', 'key-refused', 'rate-limited', 'breaker-open', 'expired', 'min-notional'],
    ...['insufficient-margin', 'price-too-far', 'http-422', 'a-code-of-tomorrow'],
  ])('keeps the step of the ladder after %s: it says nothing about the price', (errorCode) => {
    expect(exitAttemptsAfter(order({ ...reduce, errorCode }))).toBe('keep');
  });
});

describe('endMeaning', () => {
  const sent = { status: 'rejected', sentAtMs: T0 } as const;
  it.each([
    ['filled', { ...sent, status: 'filled', filledSize: '1' }],
    ['no-match', { ...sent, errorCode: 'ioc-no-match' }],
    ['taken', { ...sent, status: 'cancelled', errorCode: 'margin-cancelled' }],
    ['taken', { ...sent, status: 'cancelled', errorCode: 'cancelled', timeInForce: 'Gtc' }],
    ['refused', { ...sent, errorCode: 'insufficient-margin' }],
    ['refused', { ...sent, errorCode: 'not-tradable' }],
    ['refused', { ...sent, errorCode: 'off-grid' }],
    ['refused', { ...sent, sentAtMs: null, errorCode: 'leverage-refused' }],
    ['shut-out', { ...sent, errorCode: 'key-refused' }],
    ['shut-out', { ...sent, errorCode: 'venue-closed' }],
    ['shut-out', { ...sent, errorCode: 'breaker-open' }],
    ['nothing', { ...sent, sentAtMs: null, errorCode: 'price-stale' }],
    ['nothing', { ...sent, status: 'expired', errorCode: 'never-accepted' }],
  ] as const)('is %s after %o', (expected, ended) => {
    expect(endMeaning(order(ended))).toBe(expected);
  });
});
