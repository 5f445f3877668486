import { CompiledQuery } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlOrderFactsReader } from '#shared/adapters/sql/order-facts-reader.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { ACCOUNT, EXCHANGE, fill, instrument, intent, orderEnd, SYMBOL, T0 } from '#test/support/orders.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

onEachDatabase(({ name, open }) =>
  describe(`statements of the orders repository: ${name}`, () => {
    let db: Db;
    let statements = 0;
    let lastText = '';
    beforeEach(async () => {
      db = await open((text) => {
        statements += 1;
        lastText = text;
      });
    });
    const count = async (work: () => Promise<unknown>) => {
      statements = 0;
      await work();
      return statements;
    };
    const fills = (howMany: number, prefix: string) =>
      Array.from({ length: howMany }, (_, i) => ({
        ...fill({ tradeId: `${prefix}${i}`, symbol: `S${i}` }),
        ours: i % 2 === 0,
        holdReason: i % 2 === 0 ? null : 'foreign-fill',
      }));

    it('are as many for one fill as for 500', async () => {
      const orders = plannedOrders(sqlCycleStores(db));
      expect(await count(() => orders.saveFills(EXCHANGE, ACCOUNT, fills(2, 'a'), T0))).toBe(3);
      expect(await count(() => orders.saveFills(EXCHANGE, ACCOUNT, fills(500, 'b'), T0))).toBe(3);
      expect(await orders.fillsSince(EXCHANGE, ACCOUNT, 0, 1000)).toHaveLength(502);
      expect((await orders.epochs(EXCHANGE, ACCOUNT)).length).toBe(250);
    });

    it('are one for any number of ids', async () => {
      const orders = plannedOrders(sqlCycleStores(db));
      const ids = Array.from({ length: 500 }, (_, epoch) => intent({ epoch }).clientOrderId);
      for (const clientOrderIds of [ids.slice(0, 1), ids]) {
        expect(await count(() => orders.markEnqueued(clientOrderIds, T0))).toBe(1);
        const both = { clientOrderIds, venueOrderIds: clientOrderIds };
        expect(await count(() => orders.ownOrders(EXCHANGE, ACCOUNT, both))).toBe(1);
        expect(await count(() => orders.orderFills(EXCHANGE, ACCOUNT, both))).toBe(1);
      }
    });

    it.runIf(name === 'sqlite')('find the newest fill of each symbol without a look at the others', async () => {
      await plannedOrders(sqlCycleStores(db)).lastFills(EXCHANGE, ACCOUNT);
      const plan = await db.executeQuery<{ detail: string }>(CompiledQuery.raw(`explain query plan ${lastText}`));
      const details = plan.rows.map(({ detail }) => detail).filter((detail) => /\b(f|newest)\b/.test(detail));
      expect(details).toHaveLength(2);
      for (const detail of details) expect(detail).toContain('symbol=?');
    });

    it('are few for the life of one order', async () => {
      const orders = plannedOrders(sqlCycleStores(db));
      await sqlInstrumentsRepository(db).replaceAll(EXCHANGE, [instrument()], T0);
      const { clientOrderId } = intent();
      const facts = sqlOrderFactsReader(db, { maxLeverage: 10, hip3Leverage: 5 });
      await orders.storeIntent(intent(), '{}', null);
      expect(await count(() => facts.read(EXCHANGE, ACCOUNT, SYMBOL, T0))).toBe(10);
      const lease = { name: 'writer', holder: 'h', fence: 1, expiresAtMs: T0 + 1 };
      expect(await count(() => orders.markSending(intent(), lease, T0))).toBe(1);
      await orders.send(clientOrderId, T0);
      const open = { status: 'open', venueOrderId: '1', filledSize: '0', averagePrice: null } as const;
      const answer = { ...open, errorCode: null, errorMessage: null };
      expect(await count(() => orders.recordAnswer(clientOrderId, answer, T0))).toBe(3);
      expect(await count(() => orders.recordEnd(orderEnd(clientOrderId, 'cancelled'), T0))).toBe(5);
    });
  }),
);
