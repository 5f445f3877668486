import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whatToStore } from '#shared/core/orders/apply-resolution.ts';
import {
  contradictions,
  type ResolveInputs,
  resolveOrder,
  type VenueOrderView,
} from '#shared/core/orders/resolve-unknown.ts';
import { fill, order, T0 } from '#test/support/orders.ts';

const unknown = order({ status: 'unknown', sentAtMs: T0 + 1 });
const LATE = unknown.expiresAtMs + 5_001;

const venueOrder = (over: Partial<VenueOrderView> = {}): VenueOrderView => ({
  symbol: unknown.symbol,
  side: unknown.side,
  venueOrderId: '77',
  clientOrderId: unknown.clientOrderId,
  originalSize: '1',
  remainingSize: '1',
  status: 'open',
  venueStatus: 'open',
  statusTimeMs: T0 + 500,
  ...over,
});
const ours = (over = {}) => fill({ clientOrderId: unknown.clientOrderId, venueTimeMs: T0 + 600, ...over });

const inputs = (over: Partial<ResolveInputs> = {}): ResolveInputs => ({
  order: unknown,
  lookup: { kind: 'not-found' },
  openOrders: [],
  fills: [],
  fillsComplete: true,
  venueFromMs: LATE,
  graceMs: 5_000,
  ...over,
});
const resolve = (over: Partial<ResolveInputs> = {}) => resolveOrder(inputs(over));

describe('resolveOrder', () => {
  it('says never accepted only when all three lack it, later than the grace after the expiry', () => {
    expect(resolve()).toEqual({ kind: 'never-accepted' });
  });

  it.each([
    ['may-still-arrive', { venueFromMs: LATE - 1 }],
    ['may-still-arrive', { venueFromMs: null }],
    ['reads-incomplete', { lookup: { kind: 'failed' } }],
    ['reads-incomplete', { openOrders: null }],
    ['reads-incomplete', { fillsComplete: false }],
    ['accepted-but-invisible', { order: { ...unknown, venueOrderId: '77' } }],
    ['accepted-but-invisible', { order: { ...unknown, status: 'open' } }],
    ['accepted-but-invisible', { order: { ...unknown, filledSize: '0.1' } }],
  ] as [string, Partial<ResolveInputs>][])('stays unknown (%s) given %o', (reason, over) => {
    expect(resolve(over)).toEqual({ kind: 'still-unknown', reason });
  });

  it('believes the order status first', () => {
    const filled = venueOrder({ status: 'filled', venueStatus: 'filled', remainingSize: '0' });
    expect(resolve({ lookup: { kind: 'found', order: filled }, openOrders: [venueOrder()], venueFromMs: T0 })).toEqual({
      kind: 'found',
      status: 'filled',
      venueStatus: 'filled',
      venueEndedAtMs: T0 + 500,
      venueOrderId: '77',
      filledSize: '1',
      averagePrice: null,
    });
  });

  it('finds an order among the open ones that the status query denies', () => {
    const resting = venueOrder({ remainingSize: '0.4' });
    expect(resolve({ openOrders: [resting] })).toMatchObject({
      kind: 'found',
      status: 'partially-filled',
      filledSize: '0.6',
    });
  });

  it('finds a filled order by its fills alone, with their average price and last time', () => {
    const fills = [
      ours({ tradeId: 'a', size: '0.25', price: '100' }),
      ours({ tradeId: 'b', size: '0.75', price: '104', venueTimeMs: T0 + 900 }),
    ];
    expect(resolve({ fills, openOrders: null, fillsComplete: false })).toMatchObject({
      kind: 'found',
      status: 'filled',
      filledSize: '1',
      averagePrice: '103',
      venueEndedAtMs: T0 + 900,
    });
  });

  it('knows fills by the venue order id, too, and leaves those of others alone', () => {
    const known = { ...unknown, venueOrderId: '77' };
    const fills = [fill({ size: '0.5', venueOrderId: '77' }), fill({ tradeId: 'x', size: '0.5', venueOrderId: '78' })];
    expect(resolve({ order: known, fills })).toMatchObject({ status: 'cancelled', filledSize: '0.5' });
  });

  it('takes a part that was filled, and is not resting any more, for cancelled, but not before the grace is over', () => {
    const fills = [ours({ size: '0.5' })];
    expect(resolve({ fills })).toMatchObject({ kind: 'found', status: 'cancelled', filledSize: '0.5' });
    expect(resolve({ fills, venueFromMs: T0 + 1000 })).toEqual({ kind: 'still-unknown', reason: 'may-still-arrive' });
  });

  it('counts of a cancelled order only what its fills, or its answer, show', () => {
    const cancelled = venueOrder({ status: 'cancelled', venueStatus: 'canceled', remainingSize: '0' });
    const lookup = { kind: 'found', order: cancelled } as const;
    expect(resolve({ lookup })).toMatchObject({ status: 'cancelled', filledSize: '0' });
    expect(resolve({ lookup, fills: [ours({ size: '0.3' })] })).toMatchObject({
      filledSize: '0.3',
      venueEndedAtMs: T0 + 600,
    });
    expect(resolve({ lookup, order: { ...unknown, filledSize: '0.7' } })).toMatchObject({ filledSize: '0.7' });
  });
});

describe('an order takes only what is its own', () => {
  const sell = order({ status: 'unknown', side: 'sell', size: '0.36', venueOrderId: null });
  const claimed = (tradeId: string, over = {}) =>
    fill({ tradeId, clientOrderId: sell.clientOrderId, side: 'sell', size: '0.1', ...over });

  it('leaves the fills of older orders under its id alone, as after an older database was put back', () => {
    const older = [
      claimed('a', { venueOrderId: '1', side: 'buy', size: '0.1' }),
      claimed('b', { venueOrderId: '2', side: 'buy', size: '0.2' }),
      claimed('c', { venueOrderId: '3', side: 'buy', size: '0.1' }),
      claimed('d', { venueOrderId: '4', size: '0.1' }),
    ];
    const theirs = venueOrder({
      clientOrderId: sell.clientOrderId,
      venueOrderId: '4',
      side: 'sell',
      originalSize: '0.1',
    });
    const older04 = { kind: 'found', order: { ...theirs, status: 'filled', remainingSize: '0' } } as const;
    const asked = inputs({ order: sell, lookup: older04, fills: older });

    expect(resolveOrder(asked)).toEqual({ kind: 'never-accepted' });
    expect(contradictions(asked).map((c) => c.venueOrderId)).toEqual(['4', '1', '2', '3', '4']);
  });

  it.each([
    ['the other side', { side: 'buy' }],
    ['another symbol', { symbol: 'ETH/USDC:USDC' }],
    ['more than its size', { size: '0.37' }],
    ['another order of the venue', { venueOrderId: '99' }],
  ] as const)('does not count a fill of %s', (_what, over) => {
    const known = { ...sell, venueOrderId: '77', filledSize: '0.05', status: 'partially-filled' } as const;
    const cancelled = venueOrder({ side: 'sell', originalSize: '0.36', status: 'cancelled', remainingSize: '0' });
    const asked = inputs({
      order: known,
      lookup: { kind: 'found', order: { ...cancelled, clientOrderId: sell.clientOrderId } },
      fills: [claimed('x', over)],
    });
    expect(resolveOrder(asked)).toMatchObject({ status: 'cancelled', filledSize: '0.05' });
    expect(contradictions(asked)).toHaveLength(1);
  });

  it('counts no fill of one order beyond its size, and does not guess which are its own', () => {
    const fills = [claimed('a', { size: '0.2' }), claimed('b', { size: '0.2' })];
    expect(resolve({ order: sell, fills })).toEqual({ kind: 'still-unknown', reason: 'fills-contradict' });
    const twoOrders = [claimed('a', { venueOrderId: '1' }), claimed('b', { venueOrderId: '2' })];
    expect(resolve({ order: sell, fills: twoOrders })).toEqual({ kind: 'still-unknown', reason: 'fills-contradict' });
  });

  it.each([
    ['side', { side: 'sell' }],
    ['symbol', { symbol: 'ETH/USDC:USDC' }],
    ['size', { originalSize: '2' }],
  ] as const)('does not take an order of another %s under its id for itself', (_what, over) => {
    const theirs = venueOrder({ status: 'filled', remainingSize: '0', ...over });
    expect(resolve({ lookup: { kind: 'found', order: theirs } })).toEqual({ kind: 'never-accepted' });
    expect(resolve({ openOrders: [venueOrder(over)] })).toEqual({ kind: 'never-accepted' });
    expect(contradictions(inputs({ lookup: { kind: 'found', order: theirs } }))).toHaveLength(1);
  });

  it('is never filled beyond its size, whatever it is told', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            tradeId: fc.uuid(),
            side: fc.constantFrom('buy' as const, 'sell' as const),
            venueOrderId: fc.constantFrom('1', '77'),
            size: fc.integer({ min: 1, max: 90 }).map((n) => String(n / 100)),
          }),
          { maxLength: 8 },
        ),
        fc.constantFrom('filled' as const, 'cancelled' as const, 'open' as const),
        fc.constantFrom('buy' as const, 'sell' as const),
        (told, status, side) => {
          const found = venueOrder({
            status,
            side,
            clientOrderId: sell.clientOrderId,
            originalSize: '0.36',
            remainingSize: '0',
          });
          const resolution = resolve({
            order: sell,
            lookup: { kind: 'found', order: found },
            fills: told.map((over) => claimed(over.tradeId, over)),
          });
          if (resolution.kind !== 'found') return;
          expect(Number(resolution.filledSize)).toBeLessThanOrEqual(0.36);
        },
      ),
    );
  });
});

describe('whatToStore', () => {
  it('ends a never accepted order as expired, and wants sources later than that expiry', () => {
    expect(whatToStore(unknown, { kind: 'never-accepted' })).toMatchObject({
      kind: 'end',
      end: { status: 'expired', venueEndedAtMs: unknown.expiresAtMs, errorCode: 'never-accepted' },
    });
  });
  it('stores nothing when nothing is news', () => {
    const known = order({ status: 'open', venueOrderId: '77' });
    const found = { kind: 'found', status: 'open', venueOrderId: '77', filledSize: '0', averagePrice: null } as const;
    expect(whatToStore(known, found)).toEqual({ kind: 'nothing' });
    expect(whatToStore(unknown, found)).toMatchObject({
      kind: 'answer',
      answer: { status: 'open', venueOrderId: '77' },
    });
  });
  it("keeps the venue's word for an end that is no fill, and the price of the first answer", () => {
    const known = order({ status: 'partially-filled', averagePrice: '99' });
    const found = {
      kind: 'found',
      status: 'cancelled',
      venueStatus: 'marginCanceled',
      venueEndedAtMs: T0,
      venueOrderId: '77',
      filledSize: '0.5',
      averagePrice: null,
    } as const;
    expect(whatToStore(known, found)).toMatchObject({
      kind: 'end',
      end: { status: 'cancelled', errorCode: 'marginCanceled', averagePrice: '99', venueEndedAtMs: T0 },
    });
  });
  it('waits for what is still unknown', () => {
    expect(whatToStore(unknown, { kind: 'still-unknown', reason: 'may-still-arrive' })).toEqual({
      kind: 'wait',
      reason: 'may-still-arrive',
      answer: null,
    });
  });
});
