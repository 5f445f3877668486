import { describe, expect, it } from 'vitest';
import { liquidateIfNeeded, matchTrades } from '#shared/adapters/exchange/paper/look.ts';
import { equityOf, type PaperDesk, positionOf } from '#shared/adapters/exchange/paper/paper-desk.ts';
import { placeOrder } from '#shared/adapters/exchange/paper/place-order.ts';
import { dec } from '#shared/core/decimal.ts';
import { BTC, deskAt, request, START_MS, tradeAt } from '#test/support/paper-desk.ts';

/** A desk in the transaction after one buy order of two at 95 began to rest. */
const resting = (change = {}): PaperDesk => {
  const desk = deskAt(100);
  placeOrder(desk, request('buy', 2, 95, change));
  return deskAt(95, desk);
};
const later = (price: number, size: number) => tradeAt(price, size, START_MS + 500);

describe('a resting order on paper', () => {
  it.each([
    ['a trade through its limit fills it whole, as a maker', later(94, 0.01), '2'],
    ['a trade at its limit fills what was traded', later(95, 0.5), '0.5'],
    ['a trade short of its limit leaves it alone', later(96, 9), '0'],
    ['a polled price at its limit, without a size, leaves it alone', later(95, 0), '0'],
    ['a trade from before it does nothing', tradeAt(90, 9, START_MS), '0'],
  ])('%s', (_, trade, filled) => {
    const desk = resting();

    matchTrades(desk, [trade], []);

    expect(desk.resting[0]?.filled.toFixed()).toBe(filled);
    for (const fill of desk.newFills) expect(fill).toMatchObject({ crossed: false, matchedTradeId: trade.tradeId });
  });

  it('shares a trade at one limit with a younger order, oldest first', () => {
    const first = deskAt(100);
    placeOrder(first, request('buy', 2, 95));
    placeOrder(first, request('buy', 2, 95));
    const desk = deskAt(95, first);

    matchTrades(desk, [later(95, 3)], []);

    expect(desk.resting.map((order) => order.filled.toFixed())).toEqual(['2', '1']);
  });

  it('gives nothing away that an earlier look took from the same trade', () => {
    const first = deskAt(100);
    placeOrder(first, request('buy', 2, 95));
    placeOrder(first, request('buy', 2, 95));
    const trade = later(95, 2);
    const seen = { symbol: BTC, matchedTradeId: trade.tradeId, price: dec(95), size: dec(2) };
    const desk = deskAt(95, first, { resting: [...first.changedOrders].slice(1) });

    matchTrades(desk, [trade], [seen]);

    expect(desk.newFills).toEqual([]);
  });

  it('is cancelled instead of filled when the margin is gone by then', () => {
    const desk = resting();
    desk.rawQuote = dec(0);

    matchTrades(desk, [later(94, 1)], []);

    expect(desk.resting[0]).toMatchObject({ status: 'cancelled', venueStatus: 'marginCanceled' });
    expect(desk.newFills).toEqual([]);
  });

  it('closes at most the position when it may only reduce', () => {
    const first = deskAt(100);
    placeOrder(first, request('buy', 1, 110, { timeInForce: 'Ioc' }));
    placeOrder(first, request('sell', 1, 105, { reduceOnly: true }));
    const desk = deskAt(104, first);
    desk.positions.set(BTC, { size: dec('0.4'), entryPrice: dec(101) });

    matchTrades(desk, [later(106, 5)], []);

    expect(positionOf(desk, BTC).size.isZero()).toBe(true);
    expect(desk.resting[0]).toMatchObject({ status: 'cancelled', venueStatus: 'reduceOnlyCanceled' });
  });
});

describe('a liquidation on paper', () => {
  it('cancels and closes everything once the maintenance margin is not covered', () => {
    const first = deskAt(100);
    placeOrder(first, request('buy', 2, 90));
    const desk = deskAt(100, first);
    desk.positions.set(BTC, { size: dec(100), entryPrice: dec(200) });
    desk.rawQuote = dec(-9_900);

    liquidateIfNeeded(desk);

    expect(desk.positions.size).toBe(0);
    expect(desk.resting[0]?.venueStatus).toBe('liquidatedCanceled');
    expect(desk.newFills).toMatchObject([{ liquidation: true, clientOrderId: null, side: 'sell', crossed: true }]);
    expect(equityOf(desk).toFixed()).toBe('95.5');
  });

  it('leaves an account alone that covers it', () => {
    const desk = deskAt(100);
    desk.positions.set(BTC, { size: dec(100), entryPrice: dec(100) });
    desk.rawQuote = dec(-9_000);

    liquidateIfNeeded(desk);

    expect(desk.newFills).toEqual([]);
  });
});
