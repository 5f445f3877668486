import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { inserted, insertedIfNewer, jsonRows } from '#shared/adapters/sql/upsert.ts';

describe('sqlite dialect', () => {
  let db: Db;
  beforeEach(async () => {
    db = await openSqlite({ path: ':memory:' });
  });
  afterEach(async () => {
    await db.destroy();
  });

  const price = (p: string, t: number) => ({
    exchange: 'x',
    symbol: 'BTC',
    price: p,
    trade_id: `t${t}`,
    venue_time_ms: t,
    received_at_ms: t,
    mark_price: null,
    mark_time_ms: null,
  });

  const upsertPrice = (p: string, t: number) =>
    db
      .insertInto('latest_prices')
      .values(price(p, t))
      .onDuplicateKeyUpdate({
        price: insertedIfNewer('latest_prices', 'price', 'venue_time_ms'),
        trade_id: insertedIfNewer('latest_prices', 'trade_id', 'venue_time_ms'),
        venue_time_ms: insertedIfNewer('latest_prices', 'venue_time_ms', 'venue_time_ms'),
      })
      .execute();

  it('syncs each commit to the disk: a power cut must not lose an intent that was sent', async () => {
    const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
    // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    expect(rows).toEqual([{ synchronous: 2 }]);
  });

  it.each([
    ['0.10', '0.1'],
    ['123456789012345678.000000000000000001', '123456789012345678.000000000000000001'],
    ['9007199254740993.0', '9007199254740993'],
    ['-0.000', '0'],
    ['100', '100'],
  ])('keeps every digit of the decimal %s and reads it as %s', async (written, read) => {
    await upsertPrice(written, 1);
    const row = await db.selectFrom('latest_prices').select('price').executeTakeFirstOrThrow();
    expect(row.price).toBe(read);
  });

  it('keeps the newer row when an older one arrives late', async () => {
    await upsertPrice('2', 20);
    await upsertPrice('1', 10);
    const row = await db.selectFrom('latest_prices').select(['price', 'venue_time_ms']).executeTakeFirstOrThrow();
    expect(row).toEqual({ price: '2', venue_time_ms: 20 });
  });

  it('writes many rows through one JSON parameter', async () => {
    const rows = [price('1.5', 1), { ...price('2.5', 2), symbol: 'ETH' }];
    const source = jsonRows(db, rows, {
      exchange: 'text',
      symbol: 'text',
      price: 'text',
      trade_id: 'text',
      venue_time_ms: 'bigint',
    });
    await sql`insert into latest_prices (exchange, symbol, price, trade_id, venue_time_ms, received_at_ms)
      select j.exchange, j.symbol, j.price, j.trade_id, j.venue_time_ms, 0 from ${source} as j where true`.execute(db);
    const stored = await db.selectFrom('latest_prices').select(['symbol', 'price']).orderBy('symbol').execute();
    expect(stored).toEqual([
      { symbol: 'BTC', price: '1.5' },
      { symbol: 'ETH', price: '2.5' },
    ]);
  });

  it('upserts with values() as MySQL would', async () => {
    const insert = (value: string) =>
      db
        .insertInto('installation')
        .values({ name: 'tag', value })
        .onDuplicateKeyUpdate({ value: inserted('value') })
        .execute();
    await insert('a');
    await insert('b');
    expect(await db.selectFrom('installation').selectAll().execute()).toEqual([{ name: 'tag', value: 'b' }]);
  });

  it('rolls a failed transaction back', async () => {
    const failing = db.transaction().execute(async (tx) => {
      await tx.insertInto('installation').values({ name: 'a', value: '1' }).execute();
      throw new Error('stop');
    });
    await expect(failing).rejects.toThrow('stop');
    expect(await db.selectFrom('installation').selectAll().execute()).toEqual([]);
  });

  it('applies migrations once and refuses a newer database', async () => {
    expect(await migrate(db as never)).toEqual([]);
    await sql`insert into schema_migrations (name) values ('9999-future')`.execute(db);
    await expect(migrate(db as never)).rejects.toThrow('newer 3T');
  });
});
