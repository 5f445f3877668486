import { type Kysely, sql } from 'kysely';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';
import { MIGRATION_NAMES, migrate } from '#shared/adapters/sql/migrate.ts';
import { migrateLocked } from '#shared/adapters/sql/migrate-locked.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { type DataApiUnderTest, dataApiClient, noMariadb, startDataApi } from '#test/support/data-api.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { dataApiDb } from '#test/support/sql-databases.ts';

describe.skipIf(noMariadb)('migrations on MySQL', () => {
  let under: DataApiUnderTest;
  beforeAll(async () => {
    under = await startDataApi();
  });
  afterAll(() => under?.end());

  const open = async (onStatement?: (text: string) => void) => {
    const database = await under.newDatabase();
    return { database, db: dataApiDb(under, database, onStatement) };
  };
  const lock = (holder: string, clock: Clock = systemClock) => ({ clock, holder });

  /** Every table with its columns, keys and collation, as the server describes it. */
  async function schemaOf(database: string): Promise<Record<string, string>> {
    const [tables] = await under.mysql.query(
      'select table_name as name from information_schema.tables where table_schema = ?',
      [database],
    );
    const schema: Record<string, string> = {};
    for (const { name } of tables as { name: string }[]) {
      const [rows] = await under.mysql.query('show create table ??.??', [database, name]);
      schema[name] = (rows as { 'Create Table': string }[])[0]!['Create Table'].replace(/ AUTO_INCREMENT=\d+/, '');
    }
    return schema;
  }

  it('make the tables that SQLite has, with the same columns', async () => {
    const { db, database } = await open();
    await migrateLocked(db, lock('a'));
    const sqlite = await openSqlite({ path: ':memory:' });
    const columns = async (on: Db) =>
      Object.fromEntries(
        (await on.introspection.getTables())
          .map((table) => [table.name, table.columns.map((c) => [c.name, c.isNullable])] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    const expected = await columns(sqlite);
    await sqlite.destroy();

    const schema = await schemaOf(database);
    expect(Object.keys(schema).sort()).toEqual(Object.keys(expected).sort());
    const actual = await sql<{ t: string; c: string; n: string }>`
      select table_name as t, column_name as c, is_nullable as n from information_schema.columns
      where table_schema = ${database} order by table_name, ordinal_position`.execute(db);
    for (const [table, wanted] of Object.entries(expected)) {
      const own = actual.rows.filter((row) => row.t === table).map((row) => row.c);
      expect(own, table).toEqual(wanted.map(([name]) => name));
    }
    for (const [table, text] of Object.entries(schema)) expect(text, table).toContain('COLLATE=utf8mb4_bin');
  });

  it('do nothing the second time, and say so', async () => {
    const { db } = await open();
    expect(await migrateLocked(db, lock('a'))).toEqual(MIGRATION_NAMES);
    expect(await migrateLocked(db, lock('b'))).toEqual([]);
  });

  it('end the same wherever they were cut off before', async () => {
    const whole: string[] = [];
    const reference = await open((text) => whole.push(text));
    await migrateLocked(reference.db, lock('a'));
    const expected = await schemaOf(reference.database);
    const clock = manualClock();

    // Every fifth place, and both ends: a place costs 150 ms.
    const places = whole.map((_, i) => i).filter((i) => i % 5 === 0 || i === whole.length - 1);
    for (const place of places) {
      const { database } = await open();
      const cut = cutOffAfter(dataApiDb(under, database), place);
      await expect(migrateLocked(cut, lock('killed', clock)), `statement ${place}`).rejects.toThrow('killed');
      // The dead one's lock runs out.
      clock.set(clock.nowMs() + 120_000);
      await migrateLocked(dataApiDb(under, database), lock('next', clock));
      expect(await schemaOf(database), `cut off after statement ${place}: ${whole[place]}`).toEqual(expected);
    }
  });

  it('run once when two begin at the same time', async () => {
    const { database } = await open();
    const clock = { ...systemClock, sleep: () => systemClock.sleep(10) };
    const applied = await Promise.all(
      ['a', 'b', 'c'].map((holder) => migrateLocked(dataApiDb(under, database), lock(holder, clock))),
    );

    expect(applied.flat()).toEqual(MIGRATION_NAMES);
  });

  it('wait for a lock and give up when it does not come free', async () => {
    const { db } = await open();
    await migrateLocked(db, lock('a'));
    const clock = manualClock(5_000);
    await db.updateTable('leases').set({ holder: 'stuck', expires_at_ms: 10_000_000 }).execute();

    await expect(migrateLocked(db, { clock, holder: 'b', waitMsMax: 60_000 })).rejects.toThrow('has not ended');
    expect(clock.nowMs()).toBe(65_000);
  });

  it('stop when somebody else took their lock', async () => {
    const { db, database } = await open();
    const clock = manualClock(0);
    const thief = dataApiDb(under, database);
    const slow = afterTable(db, 'positions', async () => {
      await thief.updateTable('leases').set({ holder: 'thief', fence: 9, expires_at_ms: 900_000 }).execute();
      // A statement that took longer than half of the lock's time: it is renewed now.
      clock.set(100_000);
    });

    await expect(migrateLocked(slow, lock('a', clock))).rejects.toThrow('lost');
  });

  it('refuse a server that would cut text, quote otherwise or lock less, before anything is changed', async () => {
    const own = await startPrivateMariadb({ path: process.env.PATH ?? '' });
    const mysql = await createConnection({ socketPath: own.socketPath, user: 'root' });
    await mysql.query('create database db');
    const problemAfter = async (change: string): Promise<string> => {
      await mysql.query(change);
      // Sessions begin with the settings of their time: another emulator has other sessions.
      const api = await startRdsDataApi({ server: { socketPath: own.socketPath }, users: { user: 'root' } });
      const client = dataApiClient(api.url);
      const problem = await migrateLocked(dataApiDb({ client }, 'db'), lock('a')).catch(String);
      client.destroy();
      await api.stop();
      return String(problem);
    };
    try {
      expect(await problemAfter("set global sql_mode = 'ONLY_FULL_GROUP_BY'")).toContain('too long would be cut');
      expect(await problemAfter("set global sql_mode = 'STRICT_TRANS_TABLES,ANSI_QUOTES'")).toContain('text is quoted');
      const isolation = "set global sql_mode = 'STRICT_TRANS_TABLES', global tx_isolation = 'READ-COMMITTED'";
      expect(await problemAfter(isolation)).toContain('READ-COMMITTED, not REPEATABLE-READ');
      expect((await mysql.query('show tables from db'))[0]).toEqual([]);
    } finally {
      await mysql.end();
      await own.stop();
    }
  });

  it('refuse a database that a newer release wrote', async () => {
    const { db } = await open();
    await migrateLocked(db, lock('a'));
    await sql`insert into schema_migrations (name) values ('9999-later')`.execute(db);

    await expect(migrateLocked(db, lock('b'))).rejects.toThrow('newer');
  });

  it('drop, empty and rename nothing', async () => {
    const texts: string[] = [];
    const { db } = await open((text) => texts.push(text));
    await migrate(db as Kysely<unknown>);

    expect(texts.length).toBeGreaterThan(30);
    expect(texts.filter((text) => /\b(drop|truncate|delete|rename|change|modify)\b/i.test(text))).toEqual([]);
  });
});

/** A database whose process dies after its n-th answer, counted from 0. */
function cutOffAfter(db: Db, place: number): Db {
  let answers = 0;
  return db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (answers++ >= place) throw new Error('killed');
      return result;
    },
  });
}

/** Runs something once, after the statement that makes a table. */
function afterTable(db: Db, table: string, run: () => Promise<unknown>): Db {
  let isNext = false;
  return db.withPlugin({
    transformQuery: ({ node }) => {
      isNext = node.kind === 'CreateTableNode' && node.table.table.identifier.name === table;
      return node;
    },
    transformResult: async ({ result }) => {
      if (isNext) await run();
      return result;
    },
  });
}
