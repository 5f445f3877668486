import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { type ExchangeUnderTest, orderAt, positionOf } from '#test/support/exchange-under-test.ts';

/** What every venue for orders promises, seen through its own account reader. */
export function orderVenueContract(name: string, make: () => Promise<ExchangeUnderTest>): void {
  describe(`order venue: ${name}`, () => {
    let exchange: ExchangeUnderTest;
    beforeEach(async () => {
      exchange = await make();
    });
    afterEach(() => exchange.close());

    describe.each([0, 1] as const)('symbol %i', (which) => {
      it('fills a marketable order at once and shows position and fill', async () => {
        const symbol = exchange.symbols[which];
        const order = await orderAt(exchange, symbol, 'buy', 1.02, 200);
        const outcome = await exchange.orderVenue.submitOrder(order);
        expect(outcome).toMatchObject({ kind: 'accepted', state: 'filled', filledSize: order.size });
        expect(await positionOf(exchange, symbol)).toBe(order.size);
        const fills = (await exchange.accountReader.fetchFills(exchange.account, exchange.symbols, order.createdAtMs))
          .rows;
        const ours = fills.filter((fill) => fill.clientOrderId === order.clientOrderId);
        expect(ours.reduce((sum, fill) => sum.plus(fill.size), dec(0)).toFixed(), 'the fills add up to the order').toBe(
          order.size,
        );
        expect(ours[0]).toMatchObject({ symbol, side: 'buy', startPosition: '0', crossed: true, liquidation: false });
        expect(dec(ours[0]?.price ?? 0).lte(order.limitPrice), 'never worse than the limit').toBe(true);
        expect(await exchange.accountReader.fetchOrder(exchange.account, symbol, order.clientOrderId)).toMatchObject({
          kind: 'found',
          order: { status: 'filled', remainingSize: '0', originalSize: order.size, symbol },
        });
      });

      it('rests, is listed, is cancelled once and is not open after that', async () => {
        const symbol = exchange.symbols[which];
        const order = await orderAt(exchange, symbol, 'buy', 0.9, 200, { timeInForce: 'Alo' });
        const outcome = await exchange.orderVenue.submitOrder(order);
        expect(outcome).toMatchObject({ kind: 'accepted', state: 'resting', filledSize: '0' });
        const open = (await exchange.accountReader.fetchOpenOrders(exchange.account)).rows;
        expect(open).toMatchObject([
          {
            symbol,
            clientOrderId: order.clientOrderId,
            side: 'buy',
            status: 'open',
            limitPrice: order.limitPrice,
            originalSize: order.size,
            remainingSize: order.size,
          },
        ]);
        const cancel = () =>
          exchange.orderVenue.cancelOrder(exchange.account, symbol, order.clientOrderId, order.orderClass);
        expect(await cancel()).toEqual({ kind: 'cancelled' });
        expect((await exchange.accountReader.fetchOpenOrders(exchange.account)).rows).toEqual([]);
        expect(await cancel()).toMatchObject({ kind: 'not-open' });
        expect(await exchange.accountReader.fetchOrder(exchange.account, symbol, order.clientOrderId)).toMatchObject({
          order: { status: 'cancelled' },
        });
      });

      it('closes with a reduce-only order and never flips', async () => {
        const symbol = exchange.symbols[which];
        const entry = await orderAt(exchange, symbol, 'buy', 1.02, 200);
        await exchange.orderVenue.submitOrder(entry);
        const exit = await orderAt(exchange, symbol, 'sell', 0.98, 400, { orderClass: 'reduce', reduceOnly: true });
        expect(await exchange.orderVenue.submitOrder(exit)).toMatchObject({ kind: 'accepted', filledSize: entry.size });
        expect(await positionOf(exchange, symbol)).toBe('0');
      });
    });

    it.each([
      ['nothing to match with', 'ioc-no-match', 0.9, {}],
      ['a post-only order that would match', 'post-only-would-match', 1.02, { timeInForce: 'Alo' }],
      ['a reduce-only order without a position', 'reduce-only-would-increase', 1.02, { reduceOnly: true }],
    ] as const)('refuses %s as %s', async (_, code, offset, change) => {
      const order = await orderAt(exchange, exchange.symbols[0], 'buy', offset, 200, change);
      expect(await exchange.orderVenue.submitOrder(order)).toMatchObject({ kind: 'rejected', code });
      expect(await positionOf(exchange, exchange.symbols[0])).toBe('0');
    });

    it('refuses less than the minimum value', async () => {
      const order = await orderAt(exchange, exchange.symbols[1], 'buy', 1.02, 5);
      expect(await exchange.orderVenue.submitOrder(order)).toMatchObject({ kind: 'rejected', code: 'min-notional' });
    });

    it('refuses what the margin does not carry', async () => {
      const order = await orderAt(exchange, exchange.symbols[0], 'buy', 1.02, 50_000_000);
      expect(await exchange.orderVenue.submitOrder(order)).toMatchObject({
        kind: 'rejected',
        code: 'insufficient-margin',
      });
    });

    it('does not execute an order after its expiry', async () => {
      const order = await orderAt(exchange, exchange.symbols[0], 'buy', 1.02, 200);
      await exchange.pass(30_001);
      expect(await exchange.orderVenue.submitOrder(order)).toMatchObject({ kind: 'rejected', code: 'expired' });
      expect(await positionOf(exchange, exchange.symbols[0])).toBe('0');
    });

    it('does not know what became of an order whose id was used before, and executes it once', async () => {
      const order = await orderAt(exchange, exchange.symbols[0], 'buy', 1.02, 200);
      await exchange.orderVenue.submitOrder(order);
      if (exchange.takesEndedIds) return;
      expect(await exchange.orderVenue.submitOrder(order)).toMatchObject({ kind: 'unknown' });
      expect(await positionOf(exchange, exchange.symbols[0])).toBe(order.size);
    });

    it('has not found an order that was never sent', async () => {
      expect(
        await exchange.accountReader.fetchOrder(exchange.account, exchange.symbols[0], `0x${'0f'.repeat(16)}`),
      ).toEqual({
        kind: 'not-found',
      });
    });

    it('sets leverage', async () => {
      await exchange.orderVenue.setLeverage(exchange.account, exchange.symbols[0], 3, false);
      await exchange.orderVenue.setLeverage(exchange.account, exchange.symbols[1], 2, true);
    });
  });
}
