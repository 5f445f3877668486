import { describe, expect, it } from 'vitest';
import { type ManualOrder, type ManualOrderFacts, planManualOrder } from '#shared/core/orders/manual-order.ts';
import { requestHash } from '#shared/core/orders/request-hash.ts';
import { agreed, aReading, CYCLE_NOW_MS, someSettings } from '#test/support/cycle.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';

const order = (over: Partial<ManualOrder> = {}): ManualOrder => ({
  symbol: 'BTC/USDC:USDC',
  side: 'buy',
  size: '0.5',
  type: 'market',
  price: null,
  ...over,
});

const facts = (over: Partial<ManualOrderFacts> = {}): ManualOrderFacts => ({
  instrument: anInstrument('BTC', { ...lots(3) }),
  managed: true,
  price: { last: { price: '100', venueTimeMs: CYCLE_NOW_MS - 500 }, mark: null },
  readings: agreed('0'),
  rules: { quorum: 2, maxAgeMs: 300_000, futureToleranceMs: 2_000, settledAtMs: 0, lot: '0.001', nowMs: CYCLE_NOW_MS },
  holdReason: null,
  booked: null,
  mismatchPending: false,
  exitAttempts: 0,
  working: [],
  slippage: someSettings().slippage,
  priceMaxAgeMs: 10_000,
  calendar: 'always',
  nowMs: CYCLE_NOW_MS,
  ...over,
});

const codeOf = (o: ManualOrder, f: ManualOrderFacts): string => {
  const plan = planManualOrder(o, f);
  return plan.kind === 'refused' ? plan.refusal.code : plan.order.orderClass;
};

describe('planManualOrder', () => {
  it('opens nothing on a position that our fills do not lead to, and still gets out of it', () => {
    const booked = { size: '2', atMs: CYCLE_NOW_MS - 60_000 };
    expect(codeOf(order(), facts({ booked }))).toBe('position-unexplained');
    expect(codeOf(order(), facts({ mismatchPending: true }))).toBe('position-unexplained');
    expect(codeOf(order({ side: 'sell' }), facts({ booked, readings: agreed('1') }))).toBe('reduce');
    expect(codeOf(order(), facts({ booked: { ...booked, size: '0.0' } }))).toBe('open');
  });

  it('opens on a quorum, immediate, within the entry slippage', () => {
    expect(planManualOrder(order(), facts())).toMatchObject({
      kind: 'planned',
      order: {
        orderClass: 'open',
        side: 'buy',
        size: '0.5',
        limitPrice: '100.5',
        timeInForce: 'Ioc',
        reduceOnly: false,
      },
      actualSize: '0',
      desiredSize: '0.5',
    });
  });

  it('closes on one fresh source, reduce-only, wider after unfilled exits', () => {
    const one = [aReading('own-table', '2'), aReading('observer:observer-1', null, { complete: false, error: 'down' })];
    expect(
      planManualOrder(order({ side: 'sell', size: '2' }), facts({ readings: one, exitAttempts: 1 })),
    ).toMatchObject({
      kind: 'planned',
      order: { orderClass: 'reduce', side: 'sell', size: '2', limitPrice: '99', timeInForce: 'Ioc', reduceOnly: true },
      actualSize: '2',
      desiredSize: '0',
    });
  });

  it('records what it rests on: every source with its age and verdict, the quorum asked for, the price', () => {
    const readings = [
      aReading('own-table', '2'),
      aReading('observer:observer-1', null, { complete: false, error: 'down' }),
    ];
    const plan = planManualOrder(order({ side: 'sell', size: '2' }), facts({ readings }));
    expect(plan).toMatchObject({
      evidence: {
        sources: [
          { source: 'observer:observer-1', size: null, notCounting: 'incomplete', error: 'down' },
          { source: 'own-table', size: '2', notCounting: null, ageMs: expect.any(Number) },
        ],
        quorum: { quorum: 2, maxAgeMs: facts().rules.maxAgeMs, settledAtMs: facts().rules.settledAtMs },
        price: { price: '100', from: 'last', fresh: true },
      },
    });
  });

  it('takes a limit price as it is, and rests with it', () => {
    const plan = planManualOrder(order({ type: 'limit', price: '99.5' }), facts());
    expect(plan).toMatchObject({ order: { limitPrice: '99.5', timeInForce: 'Gtc' } });
  });

  const one = [aReading('own-table', '0')];
  const fine: [string, Partial<ManualOrder>, Partial<ManualOrderFacts>][] = [
    ['off-lot', { size: '0.0001' }, {}],
    ['order-in-flight', {}, { working: [{ clientOrderId: `0x${'0'.repeat(32)}`, status: 'open' }] }],
    ['would-flip', { side: 'sell', size: '3' }, { readings: agreed('2') }],
    ['no-quorum', {}, { readings: one }],
    ['dissent', {}, { readings: [...one, aReading('observer:observer-1', '1')] }],
    ['not-managed', {}, { managed: false }],
    ['on-hold', {}, { holdReason: 'foreign-fill' }],
    [
      'market-closed',
      {},
      { calendar: 'european-week', nowMs: Date.UTC(2026, 5, 13, 12), rules: { ...facts().rules, maxAgeMs: 1e9 } },
    ],
    ['off-tick', { type: 'limit', price: '100.001' }, {}],
    ['price-stale', {}, { priceMaxAgeMs: 100 }],
    ['price-stale', {}, { price: null }],
  ];
  it.each(fine)('refuses with %s', (code, o, f) => {
    expect(codeOf(order(o), facts(f))).toBe(code);
  });

  it.each([
    ['on HOLD', { holdReason: 'liquidation' }],
    ['unmanaged', { managed: false }],
    ['on a stale price', { priceMaxAgeMs: 1 }],
    ['on one source', { readings: [aReading('own-table', '2')] }],
  ] as [string, Partial<ManualOrderFacts>][])('reduces even when %s', (_when, f) => {
    expect(codeOf(order({ side: 'sell' }), facts({ readings: agreed('2'), ...f }))).toBe('reduce');
  });

  it('covers a short with a buy', () => {
    expect(codeOf(order({ side: 'buy' }), facts({ readings: agreed('-2') }))).toBe('reduce');
    expect(codeOf(order({ side: 'sell' }), facts({ readings: agreed('-2') }))).toBe('open');
  });
});

describe('requestHash', () => {
  it('tells fields apart', () => {
    expect(requestHash(['ab', 'c'])).not.toBe(requestHash(['a', 'bc']));
    expect(requestHash(['a', null])).not.toBe(requestHash(['a', 'null']));
    expect(requestHash(['a', null])).toMatch(/^[0-9a-f]{64}$/);
  });
});
