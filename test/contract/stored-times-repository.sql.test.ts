import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { sqlStoredTimesRepository } from '#shared/adapters/sql/repositories/stored-times-repository.ts';
import { EXCHANGE, instrument, SYMBOL } from '#test/support/orders.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { ACCOUNT, anAccountState } from '#test/support/system.ts';

const NOW = 1_700_000_000_000;
const AHEAD = NOW + 86_400_000;
const RULES = { failures: 1, windowMs: 300_000 };

onEachDatabase(({ name, open }) =>
  describe(`stored times of the future: ${name}`, () => {
    let db: Db;
    const statements: string[] = [];
    beforeEach(async () => {
      statements.length = 0;
      db = await open((text) => statements.push(text));
    });
    const bringBack = () => sqlStoredTimesRepository(db).bringBack(EXCHANGE, NOW);
    const tick = (atMs: number, price: string) =>
      sqlPricesRepository(db).saveTicks(
        [{ exchange: EXCHANGE, symbol: SYMBOL, tradeId: `t${atMs}`, price, size: '1', side: 'buy', venueTimeMs: atMs }],
        atMs,
      );
    const mark = (atMs: number, markPrice: string) =>
      sqlPricesRepository(db).saveMarkPrices(EXCHANGE, [{ symbol: SYMBOL, markPrice, observedAtMs: atMs }]);

    it('asks once and changes nothing while all is of the present', async () => {
      await tick(NOW + 4_000, '100');
      await mark(NOW + 4_000, '100');
      await sqlLeasesRepository(db).acquire('writer', 'a', NOW, 120_000);
      statements.length = 0;
      expect(await bringBack()).toEqual([]);
      expect(statements).toHaveLength(1);
    });

    it('lets the present replace marks, prices and accounts', async () => {
      const prices = sqlPricesRepository(db);
      const accounts = sqlAccountRepository(db);
      await tick(AHEAD, '100');
      await mark(AHEAD, '100');
      await accounts.saveSnapshot(anAccountState(AHEAD), '0', AHEAD);
      await mark(NOW, '101');
      expect((await prices.latest(EXCHANGE)).get(SYMBOL)?.markPrice, 'until then').toBe('100');

      expect(await bringBack()).toEqual([
        { what: 'latest_prices.venue_time_ms', rows: 1, newestMs: AHEAD },
        { what: 'latest_prices.mark_time_ms', rows: 1, newestMs: AHEAD },
        { what: 'account_snapshots.venue_time_ms', rows: 1, newestMs: AHEAD },
        { what: 'account_money.venue_time_ms', rows: 1, newestMs: AHEAD },
      ]);

      await tick(NOW, '102');
      await mark(NOW, '101');
      expect((await prices.latest(EXCHANGE)).get(SYMBOL)).toMatchObject({
        price: '102',
        venueTimeMs: NOW,
        markPrice: '101',
        markTimeMs: NOW,
      });
      expect(await accounts.saveSnapshot(anAccountState(NOW), '0', NOW)).toBe('stored');
      expect(await accounts.latest(EXCHANGE, ACCOUNT)).toMatchObject({ venueTimeMs: NOW });
      expect(await bringBack()).toEqual([]);
    });

    it('has candles asked for again, all of those that such a clock has fetched', async () => {
      const states = sqlFetchStateRepository(db);
      await states.recordFetched(EXCHANGE, [{ symbol: SYMBOL, timeframe: '1m', lastFinalOpenMs: NOW }], AHEAD);
      await states.markQueued(EXCHANGE, [{ symbol: SYMBOL, timeframe: '1m', barMs: NOW }], AHEAD);
      await bringBack();
      expect((await states.all(EXCHANGE))[0]).toMatchObject({ lastFinalOpenMs: null, failures: 0, failedAtMs: null });
      expect((await states.all(EXCHANGE))[0]?.queuedAtMs).toBe(0);
    });

    it('frees slots, leases and breakers that would wait for that time', async () => {
      const jobs = sqlJobStateRepository(db, EXCHANGE);
      const leases = sqlLeasesRepository(db);
      const breakers = new SqlBreakerRepository(db);
      await jobs.claimSlot('market-data:prune', AHEAD);
      await leases.acquire('writer', 'a', AHEAD, 30_000);
      await breakers.recordFailure(EXCHANGE, 'open', RULES, AHEAD);
      expect(await jobs.claimSlot('market-data:prune', NOW + 60_000)).toBe(false);
      expect(await leases.acquire('writer', 'b', NOW, 30_000)).toBeNull();

      await bringBack();

      expect(await jobs.claimSlot('market-data:prune', NOW + 60_000)).toBe(true);
      expect(await leases.acquire('writer', 'b', NOW, 30_000)).toMatchObject({ holder: 'b', fence: 2 });
      expect((await breakers.all(EXCHANGE))[0]).toMatchObject({ state: 'open', openedAtMs: NOW });
    });

    it('keeps the doubt about an account that such a clock has read, and what was believed before', async () => {
      const accounts = sqlAccountRepository(db);
      await accounts.saveSnapshot(anAccountState(NOW, { equityQuote: '15000' }), '0', NOW);
      const moneyDoubt = {
        code: 'money-contradicts' as const,
        message: 'half of it is gone',
        numbers: { sinceMs: AHEAD },
      };
      await accounts.saveSnapshot(anAccountState(AHEAD, { money: null, moneyDoubt }), null, AHEAD);
      await bringBack();
      expect(await accounts.latest(EXCHANGE, ACCOUNT)).toMatchObject({
        venueTimeMs: 0,
        money: null,
        moneyDoubt: { code: 'money-contradicts' },
        believed: { venueTimeMs: NOW, equityQuote: '15000' },
      });
    });

    it('takes what such a clock adopted and managed for done now: until then nothing else could be seen there', async () => {
      const orders = sqlOrdersRepository(db);
      const instruments = sqlInstrumentsRepository(db);
      await instruments.replaceAll(EXCHANGE, [instrument()], NOW);
      await instruments.manage(EXCHANGE, SYMBOL, null, AHEAD, 'unchecked');
      await orders.adopt(EXCHANGE, ACCOUNT, SYMBOL, AHEAD);
      await bringBack();
      expect((await orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).adoptedAtMs).toBe(NOW);
      expect((await instruments.products(EXCHANGE))[0]).toMatchObject({ managedSinceMs: NOW, takeover: 'unchecked' });
    });

    it('leaves another exchange alone', async () => {
      await tick(AHEAD, '100');
      expect(await sqlStoredTimesRepository(db).bringBack('other', NOW)).toEqual([]);
    });
  }),
);
