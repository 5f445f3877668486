import { describe, expect, it } from 'vitest';
import { ACCOUNT, EXCHANGE, fill, intent, orderEnd, SYMBOL, T0 } from '#test/support/orders.ts';
import type { PlannedOrders } from '#test/support/planned-orders.ts';

const BODY = JSON.stringify({ trace: { correlationId: 'c', bornAtMs: T0 - 5 } });
const ETH = 'ETH/USDC:USDC';

/** What every store of orders promises about fills, holds, leverage and adoption. */
export function orderFillsContract(name: string, create: () => Promise<PlannedOrders>): void {
  describe(`fills and holds: ${name}`, () => {
    describe('fills', () => {
      it('returns only those that are new', async () => {
        const repository = await create();
        const a = { ...fill({ tradeId: 'a' }), ours: true };
        const b = { ...fill({ tradeId: 'b', venueTimeMs: T0 + 7 }), ours: false };

        expect(await repository.newestFillMs(EXCHANGE, ACCOUNT)).toBeNull();
        expect((await repository.saveFills(EXCHANGE, ACCOUNT, [a, a], T0)).map((f) => f.tradeId)).toEqual(['a']);
        expect((await repository.saveFills(EXCHANGE, ACCOUNT, [a, b], T0)).map((f) => f.tradeId)).toEqual(['b']);
        expect(await repository.saveFills(EXCHANGE, ACCOUNT, [], T0)).toEqual([]);

        expect(await repository.newestFillMs(EXCHANGE, ACCOUNT)).toBe(T0 + 7);
        expect(await repository.newestFillMs(EXCHANGE, 'other')).toBeNull();
        expect(await repository.fillsSince(EXCHANGE, ACCOUNT, 0, 10)).toEqual([
          { ...a, account: ACCOUNT },
          { ...b, account: ACCOUNT },
        ]);
      });

      it('keeps an unknown fee unknown, and out of the sums', async () => {
        const repository = await create();
        const dear = { ...fill({ tradeId: 'a', feeQuote: '0.5' }), ours: true };
        const odd = { ...fill({ tradeId: 'b', feeQuote: null }), ours: true };
        await repository.saveFills(EXCHANGE, ACCOUNT, [dear, odd], T0);

        const stored = await repository.fillsSince(EXCHANGE, ACCOUNT, 0, 10);
        expect(stored.map((f) => [f.tradeId, f.feeQuote])).toEqual([
          ['a', '0.5'],
          ['b', null],
        ]);
        expect((await repository.dayTotals(EXCHANGE, ACCOUNT, T0)).feesQuote).toBe('0.5');
      });

      it('keeps what a fee was paid in, and that nobody said where the position stood', async () => {
        const repository = await create();
        const bnb = { feeQuote: null, fee: { amount: '0.00021', currency: 'BNB' }, startPosition: null };
        await repository.saveFills(EXCHANGE, ACCOUNT, [{ ...fill({ tradeId: 'a', ...bnb }), ours: true }], T0);

        expect(await repository.fillsSince(EXCHANGE, ACCOUNT, 0, 10)).toMatchObject([bnb]);
      });

      it('gives those of every symbol after a time, oldest first', async () => {
        const repository = await create();
        const fills = [
          { ...fill({ tradeId: 'c', symbol: ETH, venueTimeMs: T0 + 9 }), ours: false },
          { ...fill({ tradeId: 'a', venueTimeMs: T0 }), ours: true },
          { ...fill({ tradeId: 'b', venueTimeMs: T0 + 5 }), ours: true },
        ];
        await repository.saveFills(EXCHANGE, ACCOUNT, fills, T0);
        const since = async (sinceMs: number, limit = 10) =>
          (await repository.fillsSince(EXCHANGE, ACCOUNT, sinceMs, limit)).map((f) => f.tradeId);
        expect(await since(T0)).toEqual(['b', 'c']);
        expect(await since(T0 - 1, 2)).toEqual(['a', 'b']);
        expect(await repository.fillsSince(EXCHANGE, 'other', 0, 10)).toEqual([]);
      });

      it('tells trades apart that two of our orders share', async () => {
        const repository = await create();
        const one = { ...fill({ tradeId: 't', venueOrderId: '1' }), ours: true };
        const two = { ...fill({ tradeId: 't', venueOrderId: '2' }), ours: true };
        expect(await repository.saveFills(EXCHANGE, ACCOUNT, [one, two], T0)).toHaveLength(2);
      });

      it('gives the fills of the newest time of each symbol with an epoch', async () => {
        const repository = await create();
        await repository.storeIntent(intent(), BODY, null);
        await repository.send(intent().clientOrderId, T0);
        await repository.recordEnd(orderEnd(intent().clientOrderId, 'filled', { filledSize: '1' }), T0);
        await repository.saveFills(
          EXCHANGE,
          ACCOUNT,
          [
            { ...fill({ tradeId: 'old', venueTimeMs: T0 }), ours: true },
            { ...fill({ tradeId: 'n1', venueTimeMs: T0 + 5 }), ours: true },
            { ...fill({ tradeId: 'n2', venueTimeMs: T0 + 5 }), ours: true },
            { ...fill({ tradeId: 'eth', symbol: ETH, venueTimeMs: T0 + 9 }), ours: false },
          ],
          T0,
        );
        expect((await repository.lastFills(EXCHANGE, ACCOUNT)).map((f) => f.tradeId)).toEqual(['n1', 'n2']);
        expect(await repository.lastFills(EXCHANGE, 'other')).toEqual([]);
      });
    });

    describe('fills and holds', () => {
      it('holds the symbol of a new fill that asks for it, and of none that is known', async () => {
        const repository = await create();
        await repository.storeIntent(intent(), BODY, null);
        const foreign = { ...fill({ tradeId: 'a' }), ours: false, holdReason: 'foreign-fill' };
        const other = { ...fill({ tradeId: 'b', symbol: ETH }), ours: false, holdReason: 'liquidation' };
        const own = { ...fill({ tradeId: 'c', symbol: 'SOL/USDC:USDC' }), ours: true, holdReason: null };

        const fresh = await repository.saveFills(EXCHANGE, ACCOUNT, [foreign, other, own], T0 + 1);
        expect(fresh.map((f) => Object.hasOwn(f, 'holdReason'))).toEqual([false, false, false]);
        expect(await repository.epochs(EXCHANGE, ACCOUNT)).toMatchObject([
          { symbol: SYMBOL, holdReason: 'foreign-fill', heldAtMs: T0 + 1 },
          { symbol: ETH, holdReason: 'liquidation', heldAtMs: T0 + 1 },
        ]);

        await repository.release(EXCHANGE, ACCOUNT, SYMBOL, T0 + 2);
        await repository.saveFills(EXCHANGE, ACCOUNT, [foreign], T0 + 3);
        expect((await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).holdReason).toBeNull();
      });

      it('gives all fills of orders by either id, oldest first', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.saveFills(
          EXCHANGE,
          ACCOUNT,
          [
            { ...fill({ tradeId: 'late', clientOrderId, venueOrderId: '1', venueTimeMs: T0 + 9 }), ours: true },
            { ...fill({ tradeId: 'early', venueOrderId: '1', venueTimeMs: T0 + 1 }), ours: true },
            { ...fill({ tradeId: 'other', venueOrderId: '2' }), ours: true },
          ],
          T0,
        );
        const ids = async (clientOrderIds: string[], venueOrderIds: string[]) =>
          (await repository.orderFills(EXCHANGE, ACCOUNT, { clientOrderIds, venueOrderIds })).map((f) => f.tradeId);
        expect(await ids([clientOrderId], ['1'])).toEqual(['early', 'late']);
        expect(await ids([clientOrderId], [])).toEqual(['late']);
        expect(await ids([], [])).toEqual([]);
      });
    });

    describe('dayTotals', () => {
      it('sums profit and fees since midnight UTC exactly', async () => {
        const repository = await create();
        const midnight = Date.UTC(2023, 10, 15);
        const tenth = (tradeId: string, venueTimeMs: number) => ({
          ...fill({ tradeId, venueTimeMs, closedPnlQuote: '-0.1', feeQuote: '0.000001' }),
          ours: true,
        });
        await repository.saveFills(
          EXCHANGE,
          ACCOUNT,
          [tenth('y', midnight - 1), tenth('a', midnight), tenth('b', midnight + 1), tenth('c', midnight + 2)],
          T0,
        );
        expect(await repository.dayTotals(EXCHANGE, ACCOUNT, midnight + 5)).toEqual({
          realizedPnlQuote: '-0.3',
          feesQuote: '0.000003',
        });
        expect(await repository.dayTotals(EXCHANGE, 'other', midnight + 5)).toEqual({
          realizedPnlQuote: '0',
          feesQuote: '0',
        });
      });
    });

    describe('hold, leverage and adoption', () => {
      it('keeps the first reason until it is released', async () => {
        const repository = await create();
        await repository.hold(EXCHANGE, ACCOUNT, SYMBOL, 'foreign-fill', T0 + 1);
        await repository.hold(EXCHANGE, ACCOUNT, SYMBOL, 'liquidation', T0 + 2);
        expect(await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({
          holdReason: 'foreign-fill',
          heldAtMs: T0 + 1,
          epoch: 0,
        });

        await repository.release(EXCHANGE, ACCOUNT, SYMBOL, T0 + 3);
        expect(await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({ holdReason: null, heldAtMs: null });
        await repository.hold(EXCHANGE, ACCOUNT, SYMBOL, 'liquidation', T0 + 4);
        expect(await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({
          holdReason: 'liquidation',
          adoptedAtMs: null,
        });
      });

      it('adopts: no hold any more, and the time is kept', async () => {
        const repository = await create();
        await repository.hold(EXCHANGE, ACCOUNT, SYMBOL, 'foreign-fill', T0 + 1);
        await repository.adopt(EXCHANGE, ACCOUNT, SYMBOL, T0 + 2);
        await repository.adopt(EXCHANGE, ACCOUNT, ETH, T0 + 3);
        expect(await repository.epochs(EXCHANGE, ACCOUNT)).toMatchObject([
          { symbol: SYMBOL, holdReason: null, heldAtMs: null, adoptedAtMs: T0 + 2 },
          { symbol: ETH, adoptedAtMs: T0 + 3 },
        ]);
      });

      it('remembers leverage and what an end leaves untouched', async () => {
        const repository = await create();
        await repository.recordLeverage(EXCHANGE, ACCOUNT, SYMBOL, 5, T0);
        await repository.recordLeverage(EXCHANGE, ACCOUNT, SYMBOL, 3, T0);
        await repository.hold(EXCHANGE, ACCOUNT, SYMBOL, 'liquidation', T0);
        await repository.storeIntent(intent(), BODY, null);
        await repository.recordEnd(orderEnd(intent().clientOrderId, 'expired'), T0);
        expect(await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({
          leverageSet: 3,
          holdReason: 'liquidation',
          epoch: 1,
        });
      });
    });
  });
}
