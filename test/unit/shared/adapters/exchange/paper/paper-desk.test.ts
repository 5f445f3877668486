import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchTrades, type PastMatch, type StoredTrade } from '#shared/adapters/exchange/paper/look.ts';
import {
  type PaperDesk,
  type PaperFill,
  type PaperOrder,
  positionOf,
} from '#shared/adapters/exchange/paper/paper-desk.ts';
import { placeOrder } from '#shared/adapters/exchange/paper/place-order.ts';
import { type Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import { BTC, deskAt, EQUITY, request, tradeAt } from '#test/support/paper-desk.ts';

const step = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    lots: fc.integer({ min: 1, max: 3_000 }),
    price: fc.integer({ min: 96, max: 104 }),
    timeInForce: fc.constantFrom('Ioc' as const, 'Gtc' as const, 'Alo' as const),
    reduceOnly: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('trades' as const),
    trades: fc.array(fc.record({ price: fc.integer({ min: 96, max: 104 }), lots: fc.integer({ min: 0, max: 800 }) }), {
      maxLength: 4,
    }),
  }),
);

interface Ledger {
  readonly orders: Map<string, PaperOrder>;
  readonly fills: PaperFill[];
  readonly trades: StoredTrade[];
  desk: PaperDesk;
}

const pastOf = (fills: readonly PaperFill[]): PastMatch[] =>
  fills.flatMap((f) => (f.matchedTradeId === null ? [] : [{ ...f, matchedTradeId: f.matchedTradeId }]));

/** Does what the store does around a transaction, in memory. */
function transact(ledger: Ledger, price: number, work: (desk: PaperDesk) => void): void {
  const desk = deskAt(price, ledger.desk);
  matchTrades(desk, ledger.trades, pastOf(ledger.fills));
  work(desk);
  for (const order of desk.changedOrders) ledger.orders.set(order.venueOrderId, order);
  ledger.fills.push(...desk.newFills);
  ledger.desk = desk;
}

function run(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Ledger {
  const ledger: Ledger = { orders: new Map(), fills: [], trades: [], desk: deskAt(100) };
  let price = 100;
  for (const s of steps) {
    if (s.kind === 'order') {
      const { side, lots, timeInForce, reduceOnly } = s;
      const order = request(side, lots / 100, s.price, { timeInForce, reduceOnly });
      transact(ledger, price, (desk) => placeOrder(desk, order));
    } else {
      const atMs = ledger.desk.nowMs + 500;
      ledger.trades.push(...s.trades.map((t) => tradeAt(t.price, t.lots / 100, atMs)));
      price = s.trades.at(-1)?.price ?? price;
      transact(ledger, price, () => {});
    }
  }
  return ledger;
}

const sum = (values: readonly Decimal[]): Decimal => values.reduce((a, b) => a.plus(b), ZERO);
const signed = (fill: PaperFill): Decimal => (fill.side === 'buy' ? fill.size : fill.size.neg());

describe('the paper desk', () => {
  const steps = fc.array(step, { maxLength: 25 });

  it('keeps the position equal to what was bought and sold', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { desk, fills } = run(all);
        expect(positionOf(desk, BTC).size.toFixed()).toBe(sum(fills.map(signed)).toFixed());
        let held = ZERO;
        for (const fill of fills) {
          expect(fill.startPosition.toFixed()).toBe(held.toFixed());
          held = held.plus(signed(fill));
        }
      }),
    );
  });

  it('keeps the purse equal to what was paid in, minus what the trades cost and the fees', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { desk, fills } = run(all);
        const cost = sum(fills.map((fill) => signed(fill).times(fill.price)));
        const fees = sum(fills.map((fill) => fill.feeQuote));
        expect(desk.rawQuote.toFixed()).toBe(dec(EQUITY).minus(cost).minus(fees).toFixed());
      }),
    );
  });

  it('fills no order beyond its size and none at a worse price than its limit', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { orders, fills } = run(all);
        for (const order of orders.values()) {
          const own = fills.filter((fill) => fill.venueOrderId === order.venueOrderId);
          expect(order.filled.toFixed()).toBe(sum(own.map((fill) => fill.size)).toFixed());
          expect(order.filled.lte(order.size)).toBe(true);
          expect(order.status === 'filled').toBe(order.filled.eq(order.size));
          if (order.status === 'rejected') expect(own).toEqual([]);
          for (const { price } of own) {
            expect(order.side === 'buy' ? price.lte(order.limitPrice) : price.gte(order.limitPrice)).toBe(true);
          }
        }
      }),
    );
  });

  it('lets a reduce-only order do nothing but reduce', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { orders, fills } = run(all);
        for (const fill of fills) {
          if (!orders.get(fill.venueOrderId)?.reduceOnly) continue;
          const after = fill.startPosition.plus(signed(fill));
          expect(after.abs().lt(fill.startPosition.abs())).toBe(true);
          expect(after.isZero() || after.isNegative() === fill.startPosition.isNegative()).toBe(true);
        }
      }),
    );
  });

  it('takes from a public trade at an order’s own price no more than was traded, and changes nothing when shown it again', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const ledger = run(all);
        for (const trade of ledger.trades) {
          const taken = ledger.fills.filter((f) => f.matchedTradeId === trade.tradeId && f.price.eq(trade.price));
          expect(sum(taken.map((f) => f.size)).lte(trade.size)).toBe(true);
        }
        const count = ledger.fills.length;
        transact(ledger, 100, () => {});
        expect(ledger.fills).toHaveLength(count);
      }),
    );
  });
});
