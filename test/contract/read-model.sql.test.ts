import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlReadModel } from '#shared/adapters/sql/read-model.ts';
import { decisionInputs, EXCHANGE, NOW_MS, ORDER_ID, seedPlatform } from '#test/support/platform-rows.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { ACCOUNT } from '#test/support/system.ts';

const BTC = 'BTC/USDC:USDC';

onEachDatabase(({ name, open }) =>
  describe(`read model: ${name}`, () => {
    let statements = 0;
    let db: Db;
    const openCounted = () =>
      open(() => {
        statements += 1;
      });
    const counted = async (work: () => Promise<unknown>) => {
      statements = 0;
      await work();
      return statements;
    };
    beforeEach(async () => {
      db = await openCounted();
    });

    it('answers with nulls and empty lists from an empty database', async () => {
      const overview = await sqlReadModel(db).overview(EXCHANGE, ACCOUNT);

      expect(overview).toEqual({
        state: null,
        jobs: [],
        account: null,
        symbols: [],
        lastRefusal: null,
        foreignPositions: [],
        takeProfit: null,
        runs: [],
        ordersByStatus: {},
        pendingOutbox: 0,
        deadLetters: 0,
        alerts: 0,
      });
    });

    it('joins products with position, price, epoch and their newest decision', async () => {
      await seedPlatform(db);

      const overview = await sqlReadModel(db).overview(EXCHANGE, ACCOUNT);

      expect(overview.symbols.map((s) => [s.symbol, s.position?.size ?? null, s.decision?.id])).toEqual([
        [BTC, '0.002', 'BTC-1'],
        ['C0/USDC:USDC', null, 'C0-1'],
      ]);
      expect(overview.symbols[0]?.decision?.inputs).toEqual(decisionInputs);
      expect(overview.foreignPositions.map((p) => [p.symbol, p.size])).toEqual([['DOGE/USDC:USDC', '-5']]);
      expect(overview.ordersByStatus).toEqual({ filled: 1 });
      expect(overview.runs[0]).toMatchObject({
        symbol: BTC,
        live: 1,
        long: 1,
        short: 0,
        winning: 1,
        pnlMicros: 1_500_000,
      });
    });

    it('makes as many statements for 200 symbols as for one', async () => {
      await seedPlatform(db, 0);
      const large = await openCounted();
      await seedPlatform(large, 199);

      for (const read of [
        (d: Db) => sqlReadModel(d).overview(EXCHANGE, ACCOUNT),
        (d: Db) => sqlReadModel(d).metrics(EXCHANGE, ACCOUNT, NOW_MS),
      ]) {
        expect(await counted(() => read(large))).toBe(await counted(() => read(db)));
      }
      await large.destroy();
    });

    it('keeps accounts apart', async () => {
      await seedPlatform(db);
      const other = await sqlReadModel(db).overview(EXCHANGE, '0xother');

      expect(other.account).toBeNull();
      expect(other.symbols.every((s) => s.position === null && s.decision === null)).toBe(true);
      expect(await sqlReadModel(db).fills(EXCHANGE, '0xother', { limit: 10 })).toEqual([]);
    });

    it('finds orders, fills and decisions by symbol and id, newest first', async () => {
      await seedPlatform(db);
      const model = sqlReadModel(db);

      expect(await model.order(ORDER_ID)).toMatchObject({ status: 'filled', decisionId: 'BTC-1' });
      expect(await model.order('0xnone')).toBeNull();
      expect(await model.orders(EXCHANGE, ACCOUNT, { limit: 10, workingOnly: true })).toEqual([]);
      expect(await model.orders(EXCHANGE, ACCOUNT, { limit: 10, symbol: 'C0/USDC:USDC' })).toEqual([]);
      expect(await model.fills(EXCHANGE, ACCOUNT, { limit: 10, clientOrderId: ORDER_ID })).toHaveLength(1);
      expect(await model.fills(EXCHANGE, ACCOUNT, { limit: 10, sinceMs: NOW_MS })).toEqual([]);
      const decisions = await model.decisions(EXCHANGE, ACCOUNT, { limit: 3, symbol: BTC });
      expect(decisions.map((d) => [d.id, d.inputs])).toEqual([
        ['BTC-1', null],
        ['BTC-0', null],
      ]);
      expect(await model.latestDecision(EXCHANGE, ACCOUNT, BTC)).toMatchObject({ id: 'BTC-1', inputs: decisionInputs });
      expect(await model.decision('BTC-0')).toMatchObject({ code: 'no-quorum', inputs: decisionInputs });
    });

    it('gives the newest points of a series, oldest first', async () => {
      await seedPlatform(db);
      const model = sqlReadModel(db);

      expect((await model.equity(EXCHANGE, ACCOUNT, 0, 10)).map((p) => p.equityQuote)).toEqual(['10000', '10010.5']);
      expect((await model.equity(EXCHANGE, ACCOUNT, 0, 1)).map((p) => p.equityQuote)).toEqual(['10010.5']);
      expect(await model.equity(EXCHANGE, ACCOUNT, NOW_MS, 10)).toEqual([]);
      expect(await model.candles(EXCHANGE, BTC, '1m', 10)).toEqual([]);
    });

    it('sums fills by symbol', async () => {
      await seedPlatform(db);

      expect(await sqlReadModel(db).fillTotals(EXCHANGE, ACCOUNT)).toEqual([
        { symbol: BTC, fills: 1, firstAtMs: NOW_MS - 58_975, realizedPnlMicros: 1_250_000, feesMicros: 27_000 },
      ]);
    });

    it('finds the equity that was known at a time, from complete snapshots alone', async () => {
      await seedPlatform(db);
      const at = async (atMs: number) =>
        (await sqlReadModel(db).equityAt(EXCHANGE, ACCOUNT, atMs))?.equityQuote ?? null;

      expect([await at(NOW_MS - 60_001), await at(NOW_MS - 60_000), await at(NOW_MS)]).toEqual([
        null,
        '10000',
        '10010.5',
      ]);
      await db.updateTable('balance_history').set({ complete: 0 }).where('equity_quote', '=', '10010.5').execute();
      expect(await at(NOW_MS)).toBe('10000');
    });

    it('tells a decision whose inputs cannot be parsed', async () => {
      await seedPlatform(db);
      await db.updateTable('decisions').set({ inputs_json: '{cut' }).where('id', '=', 'BTC-1').execute();

      expect(await sqlReadModel(db).decision('BTC-1')).toMatchObject({ message: 'buy 0.002', inputs: null });
    });
  }),
);
