import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  RollbackTransactionCommand,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DataApiUnderTest, noMariadb, RESOURCE_ARN, SECRET_ARN, startDataApi } from '#test/support/data-api.ts';

const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN };

/** Where the service is stricter, or wider, than MySQL behind it. */
describe.skipIf(noMariadb)('what the emulated RDS Data API takes', () => {
  let under: DataApiUnderTest;
  let database: string;
  beforeAll(async () => {
    under = await startDataApi();
    database = await under.newDatabase();
    await under.mysql.query(`use \`${database}\`; create table t (
      id int auto_increment primary key, name varchar(20) unique, big bigint)`);
  });
  afterAll(() => under?.end());
  beforeEach(async () => {
    await under.mysql.query('truncate t');
  });

  const execute = (sql: string, more: Partial<ExecuteStatementCommandInput> = {}) =>
    under.client.send(new ExecuteStatementCommand({ ...target, database, sql, ...more }));
  const begin = async () =>
    (await under.client.send(new BeginTransactionCommand({ ...target, database }))).transactionId!;
  const commit = (transactionId: string) =>
    under.client.send(new CommitTransactionCommand({ ...target, transactionId }));
  const rollback = (transactionId: string) =>
    under.client.send(new RollbackTransactionCommand({ ...target, transactionId }));
  const names = async () =>
    ((await under.mysql.query('select name from t order by id'))[0] as { name: string }[]).map((r) => r.name);
  const text = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } });
  // The SDK for JavaScript has no number beyond 2^53; those of other languages do.
  const withLong = (sql: string, long: string) =>
    fetch(`${under.api.url}/Execute`, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 test' },
      body: `{${JSON.stringify({ ...target, database, sql }).slice(1, -1)},"parameters":[{"name":"big","value":{"longValue":${long}}}]}`,
    });

  it('refuses another database than the one that a transaction was begun with, and goes on', async () => {
    const other = await under.newDatabase();
    const id = await begin();
    await execute("insert into t (name) values ('kept')", { transactionId: id });
    const refused = { name: 'BadRequestException', message: expect.stringContaining('Database name') };
    await expect(execute('select 1', { transactionId: id, database: other })).rejects.toMatchObject(refused);
    await commit(id);
    expect(await names()).toEqual(['kept']);

    const { transactionId } = await under.client.send(new BeginTransactionCommand(target));
    await expect(execute('select 1', { transactionId })).rejects.toMatchObject(refused);
    await rollback(transactionId!);
  });

  it('takes more than a thousand parameter sets', async () => {
    const parameterSets = Array.from({ length: 1_001 }, (_, i) => [text('name', `n${i}`)]);
    const sql = 'insert into t (name) values (:name)';
    const batch = new BatchExecuteStatementCommand({ ...target, database, sql, parameterSets });
    expect((await under.client.send(batch)).updateResults).toHaveLength(1_001);
    expect(await names()).toHaveLength(1_001);
  });

  it.each(['9007199254740993', '9223372036854775807', '-9223372036854775808'])(
    'takes the 64-bit integer %s with all its digits',
    async (long) => {
      expect((await withLong('insert into t (big) values (:big)', long)).status).toBe(200);
      const read = await withLong('select big from t where big = :big', long);
      expect(await read.text()).toContain(`{"longValue":${long}}`);
    },
  );

  it('refuses an integer of more than 64 bits, and gives a generated id with all its digits', async () => {
    expect((await withLong('select :big', '9223372036854775808')).status).toBe(400);
    await under.mysql.query(
      'create table wide (id bigint auto_increment primary key) auto_increment = 9007199254740993',
    );
    const generated = await (await withLong('insert into wide values ()', '1')).text();
    expect(generated).toContain('[{"longValue":9007199254740993}]');
  });
});
