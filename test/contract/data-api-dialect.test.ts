import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  type RDSDataClient,
} from '@aws-sdk/client-rds-data';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataApiOptions } from '#shared/adapters/sql/data-api/data-api-calls.ts';
import { isDeadlock } from '#shared/adapters/sql/deadlock.ts';
import { isDuplicateKey } from '#shared/adapters/sql/duplicate-key.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import { openDataApiDatabase } from '#shared/adapters/sql/open-data-api-database.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { inRequests } from '#shared/adapters/sql/request-chunks.ts';
import { updateFromJson } from '#shared/adapters/sql/update-from-json.ts';
import { jsonRows } from '#shared/adapters/sql/upsert.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { type DataApiUnderTest, noMariadb, RESOURCE_ARN, SECRET_ARN, startDataApi } from '#test/support/data-api.ts';
import { manualClock } from '#test/support/manual-clock.ts';

/** The dialect, through the SDK and the emulator, on a real server. */
describe.skipIf(noMariadb)('the Data API dialect', () => {
  let under: DataApiUnderTest;
  let database: string;
  let db: Db;
  const open = (more: Partial<DataApiOptions> = {}): Db =>
    openDataApiDatabase({
      client: under.client,
      resourceArn: RESOURCE_ARN,
      secretArn: SECRET_ARN,
      database,
      clock: systemClock,
      ...more,
    });
  beforeAll(async () => {
    under = await startDataApi();
    database = await under.newDatabase();
    db = open();
    await migrate(db as never);
    await under.mysql.query(`use \`${database}\``);
  });
  afterAll(() => under?.end());
  beforeEach(async () => {
    await under.mysql.query(
      'delete from installation; delete from leases; delete from dead_letters; delete from decisions',
    );
  });

  const insert = (on: Db, name: string, value = 'v') => on.insertInto('installation').values({ name, value }).execute();
  const stored = async () => {
    const [rows] = await under.mysql.query('select name from installation order by name');
    return (rows as { name: string }[]).map(({ name }) => name);
  };

  it('gives a text back as it was, whatever is in it', async () => {
    const nasty = `'"\\ ? :p1 :name -- # /* */ \n\r\t\u0000 é 🚀 \u2028 ${'x'.repeat(1000)}`;
    await insert(db, 'nasty', nasty);

    expect(await db.selectFrom('installation').select('value').execute()).toEqual([{ value: nasty }]);
  });

  it('compares text by its letters, not by what they look like', async () => {
    await insert(db, 'kPEPE');
    await insert(db, 'KPEPE');
    await insert(db, 'é');
    const source = jsonRows(db, [{ name: 'kPEPE' }, { name: 'e' }], { name: 'text' });
    const found = await sql`select i.name from installation as i join ${source} as j on j.name = i.name`.execute(db);

    expect(found.rows).toEqual([{ name: 'kPEPE' }]);
    expect(await db.selectFrom('installation').select('name').orderBy('name').execute()).toEqual([
      { name: 'KPEPE' },
      { name: 'kPEPE' },
      { name: 'é' },
    ]);
  });

  it('tells a taken key from other refusals', async () => {
    await insert(db, 'a');
    const taken = await insert(db, 'a').catch((error: unknown) => error);
    const wrong = await sql`select nothing from nowhere`.execute(db).catch((error: unknown) => error);

    expect([isDuplicateKey(taken), isDuplicateKey(wrong)]).toEqual([true, false]);
    expect(taken).toMatchObject({ failure: 'duplicate-key', errno: 1062 });
    expect(wrong).toMatchObject({ failure: 'database', errno: 1146 });
  });

  it('runs the statements of a transaction one after the other, however they are asked for', async () => {
    await db.transaction().execute(async (tx) => {
      await Promise.all(['a', 'b', 'c', 'd'].map((name) => insert(tx as Db, name)));
    });

    expect(await stored()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes all of a transaction back when one of its statements fails', async () => {
    const work = db.transaction().execute(async (tx) => {
      await insert(tx as Db, 'a');
      await insert(tx as Db, 'a');
    });

    await expect(work).rejects.toMatchObject({ failure: 'duplicate-key' });
    expect(await stored()).toEqual([]);
  });

  it('waits for a database that resumes, and for no longer than its budget', async () => {
    const clock = manualClock(0);
    const patient = open({ clock });
    under.api.resuming(3);
    await insert(patient, 'a');
    expect([await stored(), clock.nowMs()]).toEqual([['a'], 3_500]);

    under.api.resuming(100);
    const hasty = open({ clock, resumeBudgetMs: 10_000 });
    // 0.5 + 1 + 2 + 3 s, and the next 5 s would end too late.
    await expect(insert(hasty, 'b')).rejects.toMatchObject({
      failure: 'resuming',
      waited: { waitedMs: 6_500, attempts: 5 },
      message: expect.stringMatching(
        /^the database is paused .* in 6500 ms and 5 attempts\..* try again in half a minute\./,
      ),
    });
    under.api.reset();
    expect(await stored()).toEqual(['a']);
  });

  it('waits for no longer than its caller has time, whichever call it is', async () => {
    const clock = manualClock(0);
    const answerByMs = 8_000;
    const hurried = open({ clock, remainingMs: () => answerByMs - clock.nowMs() });
    under.api.resuming(100);
    await expect(insert(hurried, 'a')).rejects.toMatchObject({ waited: { waitedMs: 6_500, attempts: 5 } });
    // What the caller writes of its failure is asked for while there is time, and then no more.
    await expect(insert(hurried, 'b')).rejects.toMatchObject({ waited: { waitedMs: 1_500, attempts: 3 } });
    await expect(insert(hurried, 'c')).rejects.toMatchObject({ waited: { waitedMs: 0, attempts: 1 } });
    expect(clock.nowMs()).toBe(answerByMs);
    under.api.reset();
  });

  it('waits for a resuming database at the begin of a transaction and inside it', async () => {
    const patient = open({ clock: manualClock(0) });
    under.api.resuming(2);
    await patient.transaction().execute(async (tx) => {
      under.api.resuming(1);
      await insert(tx as Db, 'a');
      under.api.resuming(1);
    });

    expect(await stored()).toEqual(['a']);
  });

  it('waits when the service is busy', async () => {
    const clock = manualClock(0);
    under.api.failing(2, { status: 400, type: 'ThrottlingException', message: 'Rate exceeded' });
    await insert(open({ clock }), 'a');

    expect([await stored(), clock.nowMs()]).toEqual([['a'], 1_500]);
  });

  it('keeps the error that ended a transaction when even the rollback fails', async () => {
    const work = db.transaction().execute(async (tx) => {
      // No row is locked: nobody ends this transaction.
      await tx.selectFrom('leases').selectAll().execute();
      under.api.failing(1, { status: 500, type: 'InternalServerErrorException', message: 'gone' });
      throw new Error('the reason');
    });

    await expect(work).rejects.toThrow('the reason');
  });

  it('repeats nothing that may have happened', async () => {
    under.api.failing(1, { status: 400, type: 'StatementTimeoutException', message: 'Statement timed out' });
    await expect(insert(db, 'a')).rejects.toMatchObject({ failure: 'statement-timeout' });
    expect(await stored()).toEqual([]);
  });

  it('runs the loser of a deadlock again', async () => {
    for (const name of ['a', 'b']) await insert(db, name);
    const touch = (on: Db, name: string) =>
      on.updateTable('installation').set({ value: sql<string>`concat(value, '!')` }).where('name', '=', name).execute();
    let tries = 0;
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const crossing = (own: number, names: readonly [string, string]) =>
      db.transaction().execute(async (tx) => {
        tries += 1;
        await touch(tx as Db, names[0]);
        arrived[own]!.resolve();
        await arrived[1 - own]!.promise;
        await touch(tx as Db, names[1]);
      });

    await Promise.all([crossing(0, ['a', 'b']), crossing(1, ['b', 'a'])]);

    expect(tries, 'one of them lost once').toBe(3);
    expect(await db.selectFrom('installation').select('value').execute()).toEqual([{ value: 'v!!' }, { value: 'v!!' }]);
  });

  it('gives up on deadlocks that do not end', async () => {
    const clock = manualClock(0);
    let tries = 0;
    const failure = {
      status: 400,
      type: 'DatabaseErrorException',
      message: 'Database error code: 1213. Message: Deadlock found',
    };
    const work = open({ clock })
      .transaction()
      .execute(async (tx) => {
        tries += 1;
        under.api.failing(1, failure);
        await insert(tx as Db, 'a');
      });

    const error = await work.catch((caught: unknown) => caught);
    expect([isDeadlock(error), tries]).toEqual([true, 4]);
  });

  it('reads what does not fit into one response in pages of one snapshot', async () => {
    const error = 'x'.repeat(5_000);
    await sql`insert into dead_letters (id, source, record_id, error, payload, attempts, failed_at_ms)
      select concat('id', lpad(seq, 4, '0')), 's', seq, ${error}, '', 1, seq from seq_1_to_1200`.execute(db);
    const all = () => db.selectFrom('dead_letters').selectAll().orderBy('id');
    const before = under.api.calls();

    const rows = await all().execute();
    const limited = await all().limit(700).execute();
    const again = await all().execute();

    expect(rows.map((row) => row.failed_at_ms)).toEqual(Array.from({ length: 1200 }, (_, i) => i + 1));
    expect(limited).toEqual(rows.slice(0, 700));
    expect(again).toEqual(rows);
    // The third knows that 128 rows fit: begin, ten pages, rollback. The others found out: three calls for each size that did not.
    expect(under.api.calls() - before).toBe(22 + 18 + 12);
  });

  it('refuses to page a read without an order', async () => {
    const payload = 'x'.repeat(60_000);
    await sql`insert into dead_letters (id, source, record_id, error, payload, attempts, failed_at_ms)
      select seq, 's', seq, '', ${payload}, 1, seq from seq_1_to_20`.execute(db);

    await expect(db.selectFrom('dead_letters').selectAll().execute()).rejects.toMatchObject({
      failure: 'response-too-large',
    });
  });

  it('refuses a statement that no request could hold before it is sent, and cuts rows to what one holds', async () => {
    const before = under.api.calls();
    await expect(insert(db, 'a', 'x'.repeat(4_200_000))).rejects.toMatchObject({ failure: 'request-too-large' });
    await expect(sql.raw(`select 1${' '.repeat(65_536)}`).execute(db)).rejects.toMatchObject({
      failure: 'request-too-large',
    });
    expect(under.api.calls()).toBe(before);

    const rows = Array.from({ length: 90 }, (_, i) => ({ name: `n${i}`, value: '"\n'.repeat(15_000) }));
    const chunks = inRequests(db, rows);
    for (const chunk of chunks) {
      const source = jsonRows(db, chunk, { name: 'text', value: 'text' });
      await sql`insert into installation (name, value) select j.name, j.value from ${source} as j`.execute(db);
    }
    expect([chunks.length, (await stored()).length]).toEqual([3, 90]);
  });

  it('finds rows by their whole key from a JSON parameter, whose text has another collation', async () => {
    await sql`insert into run_cohorts (exchange, symbol, version, last_trade_time_ms, last_trade_ids_json, bars_json, data_state,
      data_state_since_ms, updated_at_ms) select 'x', concat('S', seq), 0, 0, '', '', '', 0, 0 from seq_1_to_2000`.execute(
      db,
    );
    await under.mysql.query('analyze table run_cohorts');
    const sent: ExecuteStatementCommandInput[] = [];
    const client = {
      send: (command: ExecuteStatementCommand) => {
        sent.push(command.input);
        return under.client.send(command);
      },
    } as Pick<RDSDataClient, 'send'>;
    const changed = await updateFromJson(open({ client }), {
      table: 'run_cohorts',
      columns: { exchange: 'longtext', symbol: 'longtext', v: 'bigint' },
      rows: [
        ['x', 'S7', 1],
        ['x', 's8', 1],
        ['x', 'S9', 1],
      ],
      set: { version: 'j.v' },
      where: 'run_cohorts.exchange = j.exchange and run_cohorts.symbol = j.symbol',
    });

    expect(changed, 's8 is another symbol').toBe(2);
    const explain = new ExecuteStatementCommand({
      ...sent[0]!,
      sql: `explain ${sent[0]!.sql}`,
      formatRecordsAs: 'JSON',
    });
    const plan = JSON.parse((await under.client.send(explain)).formattedRecords!) as Record<string, unknown>[];
    expect(plan.find((row) => row.table === 'run_cohorts')).toMatchObject({ type: 'eq_ref', key: 'PRIMARY' });
  });

  it('has no numbers that lost their last digits', async () => {
    const reader = sql<{ n: number }>`select cast(${9_007_199_254_740_993n} as signed) as n`;
    await expect(reader.execute(db)).rejects.toThrow(RangeError);
    expect(
      (
        await sql`select cast(${'9007199254740991'} as signed) as n, sum(seq) as s, count(*) as c from seq_1_to_3`.execute(
          db,
        )
      ).rows,
    ).toEqual([{ n: 9_007_199_254_740_991, s: 6, c: 3 }]);
  });

  it('asks the SDK for text where a number could lose digits', async () => {
    const sent: unknown[] = [];
    const client = {
      send: (command: ExecuteStatementCommand) => {
        sent.push(command.input);
        return under.client.send(command);
      },
    } as Pick<RDSDataClient, 'send'>;
    await open({ client }).selectFrom('leases').selectAll().where('expires_at_ms', '>', 5).execute();

    expect(sent).toEqual([
      {
        resourceArn: RESOURCE_ARN,
        secretArn: SECRET_ARN,
        database,
        sql: 'select * from `leases` where `expires_at_ms` > :p1',
        parameters: [{ name: 'p1', value: { longValue: 5 } }],
        includeResultMetadata: true,
        resultSetOptions: { decimalReturnType: 'STRING', longReturnType: 'STRING' },
      },
    ]);
  });
});
