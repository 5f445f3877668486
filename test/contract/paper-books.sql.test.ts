import { CompiledQuery, Kysely, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { createPaper } from '#shared/adapters/exchange/paper/create-paper.ts';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { sqliteDialect } from '#shared/adapters/sql/sqlite-dialect.ts';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { ApprovedOrder, ClientOrderId, OrderIntent, Side } from '#shared/core/orders/order.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import type { OrderLookup } from '#shared/ports/exchange.ts';
import { anInstrument } from '#test/support/instruments.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { PAPER_SETTINGS } from '#test/support/paper-exchange.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

const EXCHANGE = 'hyperliquid';
const BTC = 'BTC/USDC:USDC';
const ETH = 'ETH/USDC:USDC';
const START_MS = 1_700_000_000_000;
const ACCOUNTS = [{ name: 'main', address: `0x${'ab'.repeat(20)}` }];

let orders = 0;
function anOrder(side: Side, size: string, limitPrice: string, change: Partial<OrderIntent> = {}): ApprovedOrder {
  orders += 1;
  return {
    clientOrderId: `0x${orders.toString(16).padStart(32, 'd')}` as ClientOrderId,
    exchange: EXCHANGE,
    account: 'main',
    symbol: BTC,
    orderClass: 'open',
    side,
    size,
    limitPrice,
    timeInForce: 'Gtc',
    reduceOnly: false,
    createdAtMs: START_MS,
    expiresAtMs: START_MS + 600_000,
    ...change,
  } as ApprovedOrder;
}

/** A paper venue of its own, as another process would open it on the same database. */
function venueOn(db: Db, clock: ReturnType<typeof manualClock>) {
  const telemetry = new RecordingTelemetry();
  return createPaper({
    exchange: EXCHANGE,
    settings: PAPER_SETTINGS,
    accounts: ACCOUNTS,
    dexes: [],
    db,
    clock,
    telemetry,
  });
}

async function marketOn(db: Db, clock: ReturnType<typeof manualClock>) {
  const prices = sqlPricesRepository(db);
  let ticks = 0;
  const trade = (price: string, size = '1', change: Partial<TradeTick> = {}): TradeTick => {
    ticks += 1;
    const venueTimeMs = clock.nowMs();
    return { exchange: EXCHANGE, symbol: BTC, tradeId: `t${ticks}`, venueTimeMs, price, size, side: 'buy', ...change };
  };
  const store = async (...trades: TradeTick[]) => prices.saveTicks(trades, clock.nowMs());
  await sqlInstrumentsRepository(db).replaceAll(EXCHANGE, [anInstrument('BTC'), anInstrument('ETH')], START_MS);
  await store(trade('100'), trade('50', '1', { symbol: ETH }));
  return { trade, store };
}

onEachDatabase(({ name, open }) => {
  describe(`books of the paper venue on ${name}`, () => {
    const begin = async () => {
      const db = await open();
      const clock = manualClock(START_MS);
      return { db, clock, ...(await marketOn(db, clock)), venue: venueOn(db, clock) };
    };

    it('are found again by the next process: position, purse and resting orders', async () => {
      const { db, clock, venue } = await begin();
      await venue.orderVenue.submitOrder(anOrder('buy', '2', '110', { timeInForce: 'Ioc' }));
      const resting = anOrder('sell', '1', '120');
      await venue.orderVenue.submitOrder(resting);
      const before = await venue.accountReader.fetchAccountState('main');
      clock.set(START_MS + 5_000);

      const next = venueOn(db, clock).accountReader;

      const { venueTimeMs: _, subAccounts: __, ...after } = await next.fetchAccountState('main');
      expect(before).toMatchObject(after);
      expect(after.positions).toMatchObject([{ symbol: BTC, size: '2' }]);
      expect((await next.fetchOpenOrders('main')).rows).toMatchObject([{ clientOrderId: resting.clientOrderId }]);
      expect((await next.fetchTransfers('main', 0)).rows).toHaveLength(1);
    });

    it('let two processes that look at once match a trade once', async () => {
      const { db, clock, trade, store, venue } = await begin();
      const order = anOrder('buy', '3', '95');
      await venue.orderVenue.submitOrder(order);
      clock.set(START_MS + 1_000);
      await store(trade('95', '2'));

      const readers = [venue, venueOn(db, clock), venueOn(db, clock)].map((v) => v.accountReader);
      const seen = await Promise.all(readers.map((reader) => reader.fetchFills('main', [], 0)));

      for (const fills of seen) expect(fills.rows).toMatchObject([{ size: '2', price: '95', crossed: false }]);
      expect((await venue.accountReader.fetchOpenOrders('main')).rows).toMatchObject([
        { status: 'partially-filled', remainingSize: '1' },
      ]);
      expect((await venue.accountReader.fetchAccountState('main')).positions).toMatchObject([{ size: '2' }]);
    });

    it('execute an order once that two processes bring at once', async () => {
      const { db, clock, venue } = await begin();
      const order = anOrder('buy', '2', '110', { timeInForce: 'Ioc' });

      const answers = await Promise.all(
        [venue, venueOn(db, clock)].map(({ orderVenue }) => orderVenue.submitOrder(order)),
      );

      expect(answers.map((answer) => answer.kind).sort()).toEqual(['accepted', 'unknown']);
      expect((await venue.accountReader.fetchAccountState('main')).positions).toMatchObject([{ size: '2' }]);
    });

    it('say nothing of position or order while another process is about to commit both', async () => {
      const { db, clock, venue } = await begin();
      const { orderVenue, accountReader } = venueOn(db, clock);
      await orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));
      expect((await venue.accountReader.fetchAccountState('main')).positions).toMatchObject([{ size: '1' }]);
      const id = `0x${'e'.repeat(32)}` as ClientOrderId;
      let seen: readonly [Promise<AccountState>, Promise<OrderLookup>] | null = null;
      await db.transaction().execute(async (tx) => {
        const account = tx.updateTable('paper_accounts').where('account', '=', 'main');
        await account.set({ version: sql<number>`version + 1`, venue_time_ms: START_MS + 50 }).execute();
        clock.set(START_MS + 100);
        seen = [venue.accountReader.fetchAccountState('main'), accountReader.fetchOrder('main', 'BTC/USDC:USDC', id)];
        // Long enough for whoever does not wait for the lock.
        await Promise.race([Promise.any(seen), new Promise((resolve) => setTimeout(resolve, 300))]);
        await account.set({ positions_json: JSON.stringify({ [BTC]: ['2', '100'] }) }).execute();
        await tx.updateTable('paper_orders').set({ client_order_id: id }).execute();
      });

      const [state, lookup] = await Promise.all(seen!);

      expect(state).toMatchObject({ positions: [{ symbol: BTC, size: '2' }] });
      expect(lookup).toMatchObject({ kind: 'found' });
    });

    it('date what comes after a view not before it, whatever the next clock says', async () => {
      const { clock, venue } = await begin();
      clock.set(START_MS + 9_000);
      const { venueTimeMs } = await venue.accountReader.fetchAccountState('main');
      clock.set(START_MS + 8_990);

      await venue.orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));

      const [fill] = (await venue.accountReader.fetchFills('main', [], 0)).rows;
      expect(fill!.venueTimeMs).toBeGreaterThanOrEqual(venueTimeMs);
    });

    it('match a trade that was stored after a younger one, and none from before the order', async () => {
      const { clock, trade, store, venue } = await begin();
      await store(trade('94', '9'), trade('99'));
      clock.set(START_MS + 1_000);
      await venue.orderVenue.submitOrder(anOrder('buy', '3', '95'));
      const late = trade('94', '9', { venueTimeMs: START_MS + 3_000 });
      clock.set(START_MS + 10_000);
      await store(trade('99', '1'));

      const early = (await venue.accountReader.fetchFills('main', [], 0)).rows;
      clock.set(START_MS + 12_000);
      await store(late);

      expect(early).toEqual([]);
      expect((await venue.accountReader.fetchFills('main', [], 0)).rows).toMatchObject([{ size: '3', price: '95' }]);
    });

    it('read a long backlog to its end', async () => {
      const { clock, trade, store, venue } = await begin();
      await venue.orderVenue.submitOrder(anOrder('buy', '3', '95'));
      await venue.orderVenue.submitOrder(anOrder('buy', '1', '45', { symbol: ETH }));
      clock.set(START_MS + 2_000);
      await store(...Array.from({ length: 2_100 }, (_, i) => trade('99', '1', { symbol: i % 2 === 0 ? BTC : ETH })));
      await store(trade('94'), trade('44', '1', { symbol: ETH }));

      const fills = (await venue.accountReader.fetchFills('main', [], 0)).rows;

      expect(fills.map((fill) => fill.symbol).sort()).toEqual([BTC, ETH]);
    });

    it('date a fill after every earlier one, whatever the clock says, and a snapshot after every fill', async () => {
      const { clock, trade, store, venue } = await begin();
      clock.set(START_MS + 9_000);
      await venue.orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));
      clock.set(START_MS + 8_000);
      await store(trade('100'));
      await venue.orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));

      const fills = (await venue.accountReader.fetchFills('main', [], 0)).rows;
      const { venueTimeMs } = await venue.accountReader.fetchAccountState('main');

      expect(fills.map((fill) => fill.venueTimeMs)).toEqual([START_MS + 9_000, START_MS + 9_000]);
      expect(new Set(fills.map((fill) => fill.tradeId)).size).toBe(2);
      expect(venueTimeMs).toBeGreaterThan(START_MS + 9_000);
    });

    it('remember what was refused: its id is used up', async () => {
      const { venue } = await begin();
      const order = anOrder('sell', '1', '90', { reduceOnly: true });

      const answers = [await venue.orderVenue.submitOrder(order), await venue.orderVenue.submitOrder(order)];

      expect(answers).toMatchObject([{ kind: 'rejected', code: 'reduce-only-would-increase' }, { kind: 'unknown' }]);
      expect(await venue.accountReader.fetchOrder('main', 'BTC/USDC:USDC', order.clientOrderId)).toMatchObject({
        kind: 'found',
        order: { status: 'rejected', venueStatus: 'reduceOnlyRejected' },
      });
    });

    it('liquidate an account whose margin a new price has eaten, and say so in the fill', async () => {
      const { clock, trade, store, venue } = await begin();
      await venue.orderVenue.setLeverage('main', BTC, 40, false);
      await venue.orderVenue.submitOrder(anOrder('buy', '800', '101', { timeInForce: 'Ioc' }));
      clock.set(START_MS + 1_000);
      await store(trade('88'));

      const { positions, money } = await venue.accountReader.fetchAccountState('main');

      expect(positions).toEqual([]);
      expect(Number(money?.equityQuote)).toBeLessThan(1_000);
      expect((await venue.accountReader.fetchFills('main', [], 0)).rows.at(-1)).toMatchObject({
        liquidation: true,
        clientOrderId: null,
        size: '800',
      });
    });

    it('refuse a leverage that the instrument does not have, and an account that nobody configured', async () => {
      const { venue } = await begin();

      await expect(venue.orderVenue.setLeverage('main', BTC, 41, false)).rejects.toMatchObject({ kind: 'rejected' });
      expect(await venue.orderVenue.submitOrder(anOrder('buy', '1', '110', { account: 'nobody' }))).toMatchObject({
        kind: 'rejected',
        code: 'configuration',
      });
    });

    it('answer to the address of an account as to its name', async () => {
      const { venue } = await begin();
      await venue.orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));

      const { positions } = await venue.accountReader.fetchAccountState(ACCOUNTS[0]!.address.toUpperCase());

      expect(positions).toHaveLength(1);
    });

    it('are a venue that does not answer when the database does not', async () => {
      const { db, clock } = await begin();
      const broken = { ...db, transaction: () => Promise.reject(new Error('gone')), selectFrom: () => fail() } as never;
      const venue = venueOn(broken, clock);

      expect(await venue.orderVenue.submitOrder(anOrder('buy', '1', '110'))).toMatchObject({ kind: 'unknown' });
      await expect(venue.accountReader.fetchOpenOrders('main')).rejects.toMatchObject({
        kind: 'unavailable',
        retryable: true,
      });
    });
  });

  it(`takes a fixed number of statements for an order on ${name}, however many rest`, async () => {
    const statements: string[] = [];
    const db = await open((text) => statements.push(text));
    const clock = manualClock(START_MS);
    await marketOn(db, clock);
    const { orderVenue } = venueOn(db, clock);
    for (let i = 0; i < 5; i += 1) await orderVenue.submitOrder(anOrder('buy', '1', '90'));
    statements.length = 0;
    await orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));
    const few = statements.length;
    for (let i = 0; i < 15; i += 1) await orderVenue.submitOrder(anOrder('buy', '1', '91'));
    statements.length = 0;
    await orderVenue.submitOrder(anOrder('buy', '1', '110', { timeInForce: 'Ioc' }));

    expect(statements).toHaveLength(few);
    expect(few).toBeLessThanOrEqual(10);
  });
});

it('finds resting orders and new trades on SQLite by an index, however long the history', async () => {
  const statements: string[] = [];
  const db = await openSqliteLogging((text) => statements.push(text));
  const clock = manualClock(START_MS);
  await marketOn(db, clock);
  const { orderVenue, accountReader } = venueOn(db, clock);
  await orderVenue.submitOrder(anOrder('buy', '1', '90'));
  statements.length = 0;
  (await accountReader.fetchFills('main', [], 0)).rows;

  const plansOf = async (table: string) => {
    const texts = statements.filter((text) => text.startsWith('select') && text.includes(`"${table}"`));
    const plans = await Promise.all(
      texts.map((text) => db.executeQuery<{ detail: string }>(CompiledQuery.raw(`explain query plan ${text}`))),
    );
    return plans.flatMap(({ rows }) => rows.map(({ detail }) => detail)).filter((detail) => detail.includes(table));
  };

  for (const detail of await plansOf('stream_data')) expect(detail).toContain('stream_data_ix_venue_time_ms');
  for (const detail of await plansOf('paper_orders')) expect(detail).toContain('status=?');
  expect(await plansOf('stream_data')).toHaveLength(1);
  expect(await plansOf('paper_orders')).toHaveLength(2);
  await db.destroy();
});

const openSqliteLogging = async (onStatement: (text: string) => void): Promise<Db> => {
  const db = new Kysely<Database>({
    dialect: sqliteDialect({ path: ':memory:' }),
    log: ({ query }) => onStatement(query.sql),
  });
  await migrate(db as Kysely<unknown>);
  return db;
};

const fail = (): never => {
  throw new Error('gone');
};
