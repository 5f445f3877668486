import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '#shared/core/orders/order.ts';
import { checkLimits, type LimitCode, type LimitFacts, orderLimitsSchema } from '#shared/core/risk/limits.ts';
import { instrument, intent } from '#test/support/orders.ts';

const limits = orderLimitsSchema.parse({});
const NOW = 1_700_000_000_000;

const facts = (over: Partial<LimitFacts> = {}): LimitFacts => ({
  nowMs: NOW,
  lastPrice: { price: '100', venueTimeMs: NOW - 1000 },
  markPrice: { price: '100', timeMs: NOW - 1000 },
  positionSize: '0',
  equityQuote: '10000',
  marginUsedQuote: '0',
  ordersLastMinute: 0,
  realizedPnlTodayQuote: '0',
  feesTodayQuote: '0',
  instrument: instrument(),
  leverage: 5,
  ...over,
});

const refusalCode = (order: OrderIntent, over: Partial<LimitFacts> = {}): LimitCode | 'approved' => {
  const verdict = checkLimits(order, facts(over), limits);
  return verdict.kind === 'approved' ? 'approved' : verdict.refusal.code;
};

const open = (over: Partial<OrderIntent> = {}) => intent({ size: '1', limitPrice: '100', ...over });
const reduce = (over: Partial<OrderIntent> = {}) => open({ orderClass: 'reduce', reduceOnly: true, ...over });

describe('checkLimits', () => {
  it('approves the very order it was given when everything is within bounds', () => {
    const order = open();
    const verdict = checkLimits(order, facts(), limits);
    expect(verdict.kind === 'approved' && verdict.order).toBe(order);
  });

  const cases: [LimitCode, Partial<OrderIntent>, Partial<LimitFacts>, Partial<LimitFacts>][] = [
    // code, order, facts just beyond the bound, facts just on it
    [
      'price-stale',
      {},
      { lastPrice: { price: '100', venueTimeMs: NOW - 10_001 }, markPrice: { price: '100', timeMs: NOW - 20_000 } },
      { lastPrice: { price: '100', venueTimeMs: NOW - 20_000 }, markPrice: { price: '100', timeMs: NOW - 10_000 } },
    ],
    [
      'price-stale',
      {},
      { lastPrice: { price: '100', venueTimeMs: NOW - 20_000 }, markPrice: { price: '100', timeMs: NOW + 3_600_000 } },
      { lastPrice: { price: '100', venueTimeMs: NOW - 20_000 }, markPrice: { price: '100', timeMs: NOW + 5_000 } },
    ],
    ['mark-stale', {}, { markPrice: { price: '100', timeMs: NOW + 3_600_000 } }, {}],
    ['price-missing', {}, { lastPrice: null, markPrice: null }, {}],
    ['mark-missing', {}, { markPrice: null }, {}],
    ['mark-missing', {}, { markPrice: { price: '0', timeMs: NOW } }, {}],
    [
      'mark-stale',
      {},
      { markPrice: { price: '100', timeMs: NOW - 180_001 } },
      { markPrice: { price: '100', timeMs: NOW - 180_000 } },
    ],
    [
      'price-deviation',
      { limitPrice: '105' },
      { markPrice: { price: '99.99', timeMs: NOW } },
      { markPrice: { price: '100', timeMs: NOW } },
    ],
    ['order-too-small', { size: '0.1' }, { lastPrice: { price: '99.9', venueTimeMs: NOW } }, {}],
    ['order-too-large', { size: '50' }, { lastPrice: { price: '100.1', venueTimeMs: NOW } }, {}],
    ['position-unknown', {}, { positionSize: null }, {}],
    ['position-too-large', {}, { positionSize: '99.01' }, { positionSize: '99' }],
    ['leverage-too-high', {}, { leverage: 11 }, { leverage: 10 }],
    ['leverage-too-high', {}, { leverage: Number.NaN }, { leverage: 1 }],
    [
      'leverage-too-high',
      {},
      { instrument: instrument({ maxLeverage: 3 }) },
      { instrument: instrument({ maxLeverage: 5 }) },
    ],
    ['order-rate', {}, { ordersLastMinute: 60 }, { ordersLastMinute: 59 }],
    ['equity-unknown', {}, { equityQuote: null }, {}],
    ['equity-unknown', {}, { equityQuote: '-1' }, {}],
    ['margin', {}, { marginUsedQuote: '4980.01' }, { marginUsedQuote: '4980' }],
    [
      'daily-loss',
      {},
      { realizedPnlTodayQuote: '-450.01', feesTodayQuote: '50' },
      { realizedPnlTodayQuote: '-450', feesTodayQuote: '50' },
    ],
    ['daily-fees', {}, { feesTodayQuote: '100.01' }, { feesTodayQuote: '100' }],
    ['instrument-not-active', {}, { instrument: instrument({ status: 'halted' }) }, {}],
  ];
  it.each(cases)('refuses an opening order with %s just beyond the bound and not on it', (code, order, beyond, on) => {
    expect(refusalCode(open(order), beyond)).toBe(code);
    expect(refusalCode(open(order), on)).toBe('approved');
  });

  it('gives the numbers of the rule that refused', () => {
    const verdict = checkLimits(open({ size: '60' }), facts(), limits);
    expect(verdict).toMatchObject({
      kind: 'refused',
      refusal: { code: 'order-too-large', numbers: { notionalQuote: '6000', maxNotionalQuote: 5000 } },
    });
  });

  it('judges a sell by the position it leads to', () => {
    expect(refusalCode(open({ side: 'sell' }), { positionSize: '-99.5' })).toBe('position-too-large');
    expect(refusalCode(open({ side: 'sell' }), { positionSize: '99.5' })).toBe('approved');
  });

  it.each(['reduce', 'protect'] as const)('refuses a %s order that could open a position', (orderClass) => {
    expect(refusalCode(open({ orderClass, reduceOnly: false }))).toBe('not-reduce-only');
  });

  it.each([
    ['size-invalid', { size: '0' }],
    ['size-invalid', { size: '1.00001' }],
    ['price-invalid', { limitPrice: '0' }],
  ] as const)('refuses %s whatever the class', (code, over) => {
    expect(refusalCode(open(over))).toBe(code);
    expect(refusalCode(reduce(over))).toBe(code);
  });

  it('opens nothing below the smallest size of the instrument, and lets the venue judge a reduction', () => {
    const small = { instrument: instrument({ minSize: '2' }) };
    expect(refusalCode(open({ size: '1' }), small)).toBe('size-invalid');
    expect(refusalCode(open({ size: '2' }), small)).toBe('approved');
    expect(refusalCode(reduce({ size: '1' }), small)).toBe('approved');
  });

  it('never stops a reduction for price, margin, rate, leverage, loss or anything unknown', () => {
    const maybe = <T>(values: T[]) => fc.constantFrom(...values);
    fc.assert(
      fc.property(
        maybe([null, { price: '1', venueTimeMs: 0 }, { price: '100', venueTimeMs: NOW }]),
        maybe([null, { price: '1', timeMs: 0 }, { price: '0', timeMs: NOW }]),
        maybe([null, '0', '-5', '1000000']),
        maybe([null, '0', '-100']),
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 0, max: 1000 }),
        maybe(['active', 'halted', 'delisted'] as const),
        (lastPrice, markPrice, positionSize, equityQuote, ordersLastMinute, leverage, status) => {
          const verdict = refusalCode(reduce(), {
            lastPrice,
            markPrice,
            positionSize,
            equityQuote,
            marginUsedQuote: '999999',
            ordersLastMinute,
            realizedPnlTodayQuote: '-999999',
            feesTodayQuote: '999999',
            leverage,
            instrument: instrument({ status }),
          });
          expect(verdict).toBe('approved');
        },
      ),
    );
  });
});
