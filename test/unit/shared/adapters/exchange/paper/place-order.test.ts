import { describe, expect, it } from 'vitest';
import { bookOf, equityOf, isOpen, type PaperDesk, positionOf } from '#shared/adapters/exchange/paper/paper-desk.ts';
import { placeOrder } from '#shared/adapters/exchange/paper/place-order.ts';
import { dec } from '#shared/core/decimal.ts';
import { BTC, deskAt, EQUITY, marketAt, request, START_MS } from '#test/support/paper-desk.ts';

const only = (desk: PaperDesk) => [...desk.changedOrders][0]!;
const markets = (price: number | null, change = {}) => ({ markets: new Map([[BTC, marketAt(price, change)]]) });

describe('an order on paper', () => {
  it('pays half the spread and the taker fee when it crosses', () => {
    const desk = deskAt(100);

    const outcome = placeOrder(desk, request('buy', 2, 110, { timeInForce: 'Ioc' }));

    expect(outcome).toMatchObject({ kind: 'accepted', state: 'filled', filledSize: '2', averagePrice: '101' });
    expect(desk.newFills[0]?.feeQuote.toFixed()).toBe('0.0909');
    expect(equityOf(desk).toFixed()).toBe(dec(EQUITY).minus(2).minus('0.0909').toFixed());
  });

  it('pays the fee of a builder’s market twice', () => {
    const desk = deskAt(100, undefined, markets(100, { subAccount: 'xyz' }));

    placeOrder(desk, request('buy', 2, 110, { timeInForce: 'Ioc' }));

    expect(desk.newFills[0]?.feeQuote.toFixed()).toBe('0.1818');
  });

  it('gives up what an Ioc order finds no more of, and keeps what a Gtc order does not', () => {
    const [ioc, gtc] = [deskAt(100), deskAt(100)];

    placeOrder(ioc, request('buy', 50, 101, { timeInForce: 'Ioc' }));
    placeOrder(gtc, request('buy', 50, 101));

    expect(only(ioc)).toMatchObject({ status: 'cancelled', venueStatus: 'canceled' });
    expect(only(gtc)).toMatchObject({ status: 'partially-filled', venueStatus: 'open' });
    expect(only(ioc).filled.toFixed()).toBe(only(gtc).filled.toFixed());
    expect(only(gtc).filled.gt(0)).toBe(true);
  });

  it.each([
    ['a size between lots', { size: dec('1.001') }, 'lot-size', 'rejected'],
    ['no size', { size: dec(0) }, 'lot-size', 'rejected'],
    ['a price between ticks', { limitPrice: dec('100.123') }, 'tick-size', 'tickRejected'],
    ['a price far away', { limitPrice: dec(1) }, 'price-too-far', 'oracleRejected'],
    ['less than the minimum', { size: dec('0.09') }, 'min-notional', 'minTradeNtlRejected'],
    ['more than the margin carries', { size: dec(3_000) }, 'insufficient-margin', 'perpMarginRejected'],
  ])('refuses %s, remembers it and fills nothing', (_, change, code, venueStatus) => {
    const desk = deskAt(100);

    expect(placeOrder(desk, request('buy', 1, 100, change))).toMatchObject({ kind: 'rejected', code });

    expect(only(desk)).toMatchObject({ status: 'rejected', venueStatus });
    expect(desk.newFills).toEqual([]);
  });

  it('takes a close of the whole position below the minimum, and nothing else that small', () => {
    const desk = deskAt(100);
    placeOrder(desk, request('buy', 1, 110, { timeInForce: 'Ioc' }));
    placeOrder(desk, request('sell', 0.95, 90, { timeInForce: 'Ioc', reduceOnly: true }));

    const part = placeOrder(desk, request('sell', 0.04, 90, { timeInForce: 'Ioc', reduceOnly: true }));
    const whole = placeOrder(desk, request('sell', 0.05, 90, { timeInForce: 'Ioc', reduceOnly: true }));

    expect([part, whole]).toMatchObject([{ code: 'min-notional' }, { kind: 'accepted', filledSize: '0.05' }]);
    expect(positionOf(desk, BTC).size.isZero()).toBe(true);
  });

  it('uses the leverage that was set', () => {
    const [high, low] = [deskAt(100), deskAt(100)];
    low.leverage.set(BTC, 2);

    // 30,000 USD on 10,000 of equity.
    expect(placeOrder(high, request('buy', 300, 99))).toMatchObject({ kind: 'accepted' });
    expect(placeOrder(low, request('buy', 300, 99))).toMatchObject({ code: 'insufficient-margin' });
  });

  it('lets an exit out whatever the margin', () => {
    const desk = deskAt(100);
    desk.positions.set(BTC, { size: dec(5), entryPrice: dec(100) });
    desk.rawQuote = dec(-480);

    expect(placeOrder(desk, request('buy', 1, 110, { timeInForce: 'Ioc' }))).toMatchObject({
      code: 'insufficient-margin',
    });
    expect(placeOrder(desk, request('sell', 5, 90, { timeInForce: 'Ioc', reduceOnly: true }))).toMatchObject({
      kind: 'accepted',
      filledSize: '5',
    });
  });

  it('ends resting reduce-only orders together with their position', () => {
    const desk = deskAt(100);
    placeOrder(desk, request('buy', 2, 110, { timeInForce: 'Ioc' }));
    placeOrder(desk, request('sell', 2, 118, { reduceOnly: true }));
    const next = deskAt(100, desk);

    placeOrder(next, request('sell', 2, 90, { timeInForce: 'Ioc' }));

    expect(next.resting.map((order) => order.venueStatus)).toEqual(['reduceOnlyCanceled']);
    expect(next.resting.some(isOpen)).toBe(false);
  });

  it.each([
    ['an unknown symbol', { markets: new Map() }, 'configuration'],
    ['a halted one', markets(100, { isActive: false }), 'not-tradable'],
    ['one without a price', markets(null), 'not-tradable'],
  ])('is refused on %s', (_, change, code) => {
    expect(placeOrder(deskAt(100, undefined, change), request('buy', 1, 100))).toMatchObject({ code });
  });

  it('finds nobody to trade with when the newest price is too old', () => {
    const desk = deskAt(100, undefined, { nowMs: START_MS + 60_001 });

    expect(bookOf(desk, marketAt(100))).toEqual({ bids: [], asks: [] });
    expect(placeOrder(desk, request('buy', 1, 110, { timeInForce: 'Ioc' }))).toMatchObject({ code: 'ioc-no-match' });
  });

  it('has room for a thousand open orders', () => {
    const desk = deskAt(100);
    for (let i = 0; i < 1_000; i += 1) placeOrder(desk, request('buy', 0.2, 90));
    const next = deskAt(100, desk);

    expect(placeOrder(next, request('buy', 0.2, 90))).toMatchObject({ code: 'too-many-open-orders' });
  });
});
