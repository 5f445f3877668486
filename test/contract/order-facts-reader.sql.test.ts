import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlOrderFactsReader } from '#shared/adapters/sql/order-facts-reader.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { ACCOUNT, EXCHANGE, fill, instrument, intent, orderEnd, SYMBOL, T0 } from '#test/support/orders.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { anAccountState } from '#test/support/system.ts';

onEachDatabase(({ name, open }) =>
  describe(`order facts reader: ${name}`, () => {
    let db: Db;
    beforeEach(async () => {
      db = await open();
      await sqlInstrumentsRepository(db).replaceAll(EXCHANGE, [instrument({ maxLeverage: 20 })], T0);
    });
    const read = (nowMs = T0 + 1_000) =>
      sqlOrderFactsReader(db, { maxLeverage: 10, hip3Leverage: 5 }).read(EXCHANGE, ACCOUNT, SYMBOL, nowMs);
    const position = (size: string) => ({
      symbol: SYMBOL,
      coin: 'BTC',
      size,
      entryPrice: null,
      valueQuote: '0',
      unrealizedPnlQuote: '0',
      marginUsedQuote: '0',
      liquidationPrice: null,
    });
    const snapshot = (change: object = {}) =>
      sqlAccountRepository(db).saveSnapshot(anAccountState(T0, { account: ACCOUNT, ...change }), '0', T0);

    it('knows nothing of an unknown instrument', async () => {
      const reader = sqlOrderFactsReader(db, { maxLeverage: 10, hip3Leverage: 5 });
      expect(await reader.read(EXCHANGE, ACCOUNT, 'NOPE', T0)).toBeNull();
    });

    it('says unknown where nothing is stored, never zero', async () => {
      expect(await read()).toMatchObject({
        lastPrice: null,
        markPrice: null,
        positionSize: null,
        equityQuote: null,
        ordersLastMinute: 0,
        realizedPnlTodayQuote: '0',
        feesTodayQuote: '0',
        leverage: 10,
        isolated: false,
      });
    });

    it('reads prices, position, equity, margin and the configured leverage', async () => {
      await sqlPricesRepository(db).saveTicks(
        [{ exchange: EXCHANGE, symbol: SYMBOL, price: '101.5', size: '1', side: 'buy', tradeId: 't', venueTimeMs: T0 }],
        T0,
      );
      await sqlPricesRepository(db).saveMarkPrices(EXCHANGE, [
        { symbol: SYMBOL, markPrice: '101.25', observedAtMs: T0 + 5 },
      ]);
      await sqlInstrumentsRepository(db).manage(EXCHANGE, SYMBOL, 3, T0);
      await snapshot({ positions: [position('-0.5')], equityQuote: '900', marginUsedQuote: '12.5' });
      expect(await read()).toMatchObject({
        lastPrice: { price: '101.5', venueTimeMs: T0 },
        markPrice: { price: '101.25', timeMs: T0 + 5 },
        positionSize: '-0.5',
        equityQuote: '900',
        marginUsedQuote: '12.5',
        leverage: 3,
      });
    });

    it('takes absence for flat only in a complete snapshot that is later than our last end', async () => {
      await snapshot();
      expect((await read())?.positionSize).toBe('0');

      const orders = plannedOrders(sqlCycleStores(db));
      await orders.storeIntent(intent(), '{}', null);
      await orders.send(intent().clientOrderId, T0);
      await orders.recordEnd(orderEnd(intent().clientOrderId, 'filled', { filledSize: '1', venueEndedAtMs: T0 }), T0);
      expect((await read())?.positionSize).toBeNull();

      await snapshot({ venueTimeMs: T0 + 1 });
      expect((await read())?.positionSize).toBe('0');
      await snapshot({ venueTimeMs: T0 + 2, complete: false });
      expect(await read()).toMatchObject({ positionSize: null, equityQuote: null });
    });

    it('follows our fills while the snapshot is behind the last end', async () => {
      await snapshot();
      const orders = plannedOrders(sqlCycleStores(db));
      await orders.storeIntent(intent(), '{}', null);
      await orders.send(intent().clientOrderId, T0);
      const ended = orderEnd(intent().clientOrderId, 'filled', { filledSize: '1', venueEndedAtMs: T0 + 9 });
      await orders.recordEnd(ended, T0);
      await orders.saveFills(EXCHANGE, ACCOUNT, [{ ...fill({ size: '0.25', venueTimeMs: T0 + 8 }), ours: true }], T0);
      expect((await read())?.positionSize, 'a later fill may not be visible yet').toBeNull();

      const last = fill({ tradeId: 'b', startPosition: '0.25', size: '0.75', venueTimeMs: T0 + 9 });
      await orders.saveFills(EXCHANGE, ACCOUNT, [{ ...last, ours: true }], T0);
      expect((await read())?.positionSize).toBe('1');
    });

    it('knows no equity from a snapshot that is too old', async () => {
      await snapshot({ equityQuote: '900' });
      expect((await read(T0 + 300_000))?.equityQuote).toBe('900');
      expect((await read(T0 + 300_001))?.equityQuote).toBeNull();
    });

    it('adds the margin of opening orders that the snapshot cannot show', async () => {
      await snapshot({ marginUsedQuote: '12.5' });
      const orders = plannedOrders(sqlCycleStores(db));
      const eth = instrument({ symbol: 'ETH/USDC:USDC', venueSymbol: 'ETH', assetId: 1, maxLeverage: 5 });
      await sqlInstrumentsRepository(db).replaceAll(EXCHANGE, [instrument({ maxLeverage: 20 }), eth], T0);
      await sqlInstrumentsRepository(db).manage(EXCHANGE, SYMBOL, 4, T0);
      const plan = async (change: Partial<ReturnType<typeof intent>>) => {
        const planned = intent({ size: '2', limitPrice: '100', ...change });
        await orders.storeIntent(planned, '{}', null);
        return planned.clientOrderId;
      };
      const waiting = await plan({ symbol: SYMBOL, epoch: 0 });
      expect((await read())?.marginUsedQuote, 'not sent yet').toBe('12.5');

      await orders.send(waiting, T0);
      expect((await read())?.marginUsedQuote, '2 × 100 ÷ 4').toBe('62.5');

      const elsewhere = await plan({ symbol: eth.symbol, epoch: 0 });
      await orders.send(elsewhere, T0);
      expect((await read())?.marginUsedQuote, 'and 2 × 100 ÷ 5').toBe('102.5');

      await orders.recordEnd(orderEnd(waiting, 'cancelled', { filledSize: '0.5', venueEndedAtMs: T0 + 1 }), T0 + 1);
      expect((await read())?.marginUsedQuote, 'only what it filled').toBe('65');
      await orders.recordEnd(orderEnd(elsewhere, 'filled', { filledSize: '2', venueEndedAtMs: T0 + 2 }), T0 + 2);
      await snapshot({ venueTimeMs: T0 + 2, marginUsedQuote: '15' });
      expect((await read())?.marginUsedQuote, 'the first is in the snapshot now').toBe('55');
      await snapshot({ venueTimeMs: T0 + 3, marginUsedQuote: '55' });
      expect((await read())?.marginUsedQuote).toBe('55');

      const exit = await plan({ symbol: SYMBOL, epoch: 1, orderClass: 'reduce', reduceOnly: true });
      await orders.send(exit, T0 + 4);
      expect((await read())?.marginUsedQuote, 'a reduction takes none').toBe('55');
    });

    it('counts what was sent within the minute, and sums the day', async () => {
      const orders = plannedOrders(sqlCycleStores(db));
      for (const [symbol, sentAtMs] of [
        ['A', T0 - 59_000],
        ['B', T0 + 500],
        ['C', null],
      ] as const) {
        const planned = intent({ symbol, createdAtMs: T0 - 60_000 });
        await orders.storeIntent(planned, '{}', null);
        if (sentAtMs !== null) await orders.send(planned.clientOrderId, sentAtMs);
      }
      await orders.saveFills(
        EXCHANGE,
        ACCOUNT,
        [{ ...fill({ closedPnlQuote: '-5', feeQuote: '0.25' }), ours: true }],
        T0,
      );
      expect(await read(T0 + 999)).toMatchObject({
        ordersLastMinute: 2,
        realizedPnlTodayQuote: '-5',
        feesTodayQuote: '0.25',
      });
      expect((await read(T0 + 1_000))?.ordersLastMinute).toBe(1);
    });
  }),
);
