import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decimal, dec } from '#shared/core/decimal.ts';
import type { AccountMoney } from '#shared/core/portfolio/account-state.ts';
import { type ExchangeUnderTest, orderAt } from '#test/support/exchange-under-test.ts';

/** What every reader of accounts promises. */
export function accountReaderContract(
  name: string,
  make: () => Promise<ExchangeUnderTest>,
  booksAreOurs = false,
): void {
  describe(`account reader: ${name}`, () => {
    let exchange: ExchangeUnderTest;
    beforeEach(async () => {
      exchange = await make();
    });
    afterEach(() => exchange.close());
    const money = async (): Promise<AccountMoney> => {
      const read = await state();
      if (read.money === null) throw new Error(read.moneyDoubt?.message);
      return read.money;
    };
    const state = () => exchange.accountReader.fetchAccountState(exchange.account);

    it('shows a flat account as complete, with every sub-account and its time', async () => {
      const flat = await state();
      expect(flat).toMatchObject({
        account: exchange.account,
        complete: true,
        positions: [],
        money: { marginUsedQuote: '0', maintenanceMarginQuote: '0' },
        moneyDoubt: null,
      });
      expect(flat.subAccounts.map((sub) => sub.name)).toEqual(exchange.subAccounts);
      expect(flat.subAccounts.every((sub) => sub.complete && sub.error === null)).toBe(true);
      const times = flat.subAccounts.map((sub) => sub.venueTimeMs ?? 0);
      expect(flat.venueTimeMs).toBe(Math.min(...times));
      expect(Math.abs(flat.venueTimeMs - exchange.nowMs())).toBeLessThanOrEqual(1_000);
    });

    it('remembers every order with an id, filled or refused, unless its books are ours', async () => {
      const [filled, refused] = [
        await orderAt(exchange, exchange.symbols[0], 'buy', 1.02, 200),
        await orderAt(exchange, exchange.symbols[1], 'buy', 0.9, 200),
      ];
      expect(await exchange.orderVenue.submitOrder(filled)).toMatchObject({ kind: 'accepted' });
      expect(await exchange.orderVenue.submitOrder(refused)).toMatchObject({ code: 'ioc-no-match' });
      const recent = await exchange.accountReader.fetchRecentOrders(exchange.account);
      const ids = new Set(recent.map((order) => order.clientOrderId));
      expect([...ids].sort()).toEqual(booksAreOurs ? [] : [filled.clientOrderId, refused.clientOrderId].sort());
      for (const { venueTimeMs } of recent) expect(Math.abs(venueTimeMs - exchange.nowMs())).toBeLessThan(5_000);
    });

    it('starts with what was paid in', async () => {
      const transfers = (await exchange.accountReader.fetchTransfers(exchange.account, 0)).rows;
      const paidIn = transfers.reduce((sum, transfer) => sum.plus(transfer.amountQuote), dec(0));
      expect(dec((await money()).equityQuote).eq(paidIn)).toBe(true);
      expect(paidIn.gt(0)).toBe(true);
      expect(new Set(transfers.map((transfer) => transfer.id)).size).toBe(transfers.length);
    });

    it('shows positions of every sub-account, and margin for each', async () => {
      for (const symbol of exchange.symbols) {
        const order = await orderAt(exchange, symbol, 'sell', 0.98, 300);
        expect(await exchange.orderVenue.submitOrder(order)).toMatchObject({ kind: 'accepted' });
      }
      const open = await state();
      expect(open.positions.map((position) => position.symbol).sort()).toEqual([...exchange.symbols].sort());
      for (const position of open.positions) {
        expect(dec(position.size).isNegative()).toBe(true);
        expect(dec(position.valueQuote).isPositive()).toBe(true);
        expect(dec(position.entryPrice ?? 0).gt(0)).toBe(true);
      }
      const perPosition = Decimal.sum(...open.positions.map((position) => position.marginUsedQuote));
      const { marginUsedQuote, maintenanceMarginQuote } = await money();
      expect(dec(marginUsedQuote).minus(perPosition).abs().lt('0.01')).toBe(true);
      expect(dec(maintenanceMarginQuote).gt(0)).toBe(true);
      expect(dec(maintenanceMarginQuote).lte(marginUsedQuote)).toBe(true);
    });

    it('gives fills oldest first and only from the asked time on', async () => {
      const first = await orderAt(exchange, exchange.symbols[0], 'buy', 1.02, 200);
      await exchange.orderVenue.submitOrder(first);
      await exchange.pass(5_000);
      const second = await orderAt(exchange, exchange.symbols[0], 'sell', 0.98, 200);
      await exchange.orderVenue.submitOrder(second);
      const all = (await exchange.accountReader.fetchFills(exchange.account, exchange.symbols, first.createdAtMs)).rows;
      const times = all.map((fill) => fill.venueTimeMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(new Set(all.map((fill) => fill.clientOrderId))).toEqual(
        new Set([first.clientOrderId, second.clientOrderId]),
      );
      const later = (await exchange.accountReader.fetchFills(exchange.account, exchange.symbols, second.createdAtMs))
        .rows;
      expect(new Set(later.map((fill) => fill.clientOrderId))).toEqual(new Set([second.clientOrderId]));
    });

    it('refuses an account that is neither configured nor an address', async () => {
      await expect(exchange.accountReader.fetchAccountState('nobody')).rejects.toMatchObject({ kind: 'configuration' });
    });
  });
}
