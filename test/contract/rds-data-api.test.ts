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
import { startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';
import {
  type DataApiUnderTest,
  dataApiClient,
  mariadbSocket,
  noMariadb,
  RESOURCE_ARN,
  SECRET_ARN,
  startDataApi,
} from '#test/support/data-api.ts';
import { firingClock } from '#test/support/firing-clock.ts';

const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN };

/** The emulator of the Data API, asked by the SDK's own client. */
describe.skipIf(noMariadb)('the emulated RDS Data API', () => {
  let under: DataApiUnderTest;
  let database: string;
  beforeAll(async () => {
    under = await startDataApi();
    database = await under.newDatabase();
    await under.mysql.query(`use \`${database}\`; create table t (
      id int auto_increment primary key, name varchar(20) unique, amount decimal(38,18), big bigint, flag tinyint(1),
      at datetime(3), doc longtext, raw varbinary(16), ratio double)`);
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

  it('writes named parameters of every kind and reads them back as fields', async () => {
    const parameters: SqlParameter[] = [
      text('name', "it's \\ :name ?"),
      { ...text('amount', '12345678901234567890.000000000000000001'), typeHint: 'DECIMAL' },
      { name: 'big', value: { longValue: 42 } },
      { name: 'flag', value: { booleanValue: true } },
      { ...text('at', '2026-01-02 03:04:05.678'), typeHint: 'TIMESTAMP' },
      { name: 'doc', value: { isNull: true } },
      { name: 'raw', value: { blobValue: new Uint8Array([0, 255, 7]) } },
      { name: 'ratio', value: { doubleValue: 0.5 } },
    ];
    const sql = `insert into t (name, amount, big, flag, at, doc, raw, ratio) -- :not one
      values (:name, :amount, :big, :flag, :at, :doc, :raw, :ratio) /* :nor this */`;

    expect(await execute(sql, { parameters })).toMatchObject({
      numberOfRecordsUpdated: 1,
      generatedFields: [{ longValue: 1 }],
    });
    const read = await execute(
      "select name, amount, big, flag, at, doc, raw, ratio, ':name' from t where big = :big or big = :big",
      {
        parameters: [{ name: 'big', value: { longValue: 42 } }],
      },
    );

    expect(read.columnMetadata).toBeUndefined();
    expect(read.records).toEqual([
      [
        { stringValue: "it's \\ :name ?" },
        { stringValue: '12345678901234567890.000000000000000001' },
        { longValue: 42 },
        { booleanValue: true },
        { stringValue: '2026-01-02 03:04:05.678' },
        { isNull: true },
        { blobValue: new Uint8Array([0, 255, 7]) },
        { doubleValue: 0.5 },
        { stringValue: ':name' },
      ],
    ]);
  });

  it('gives longs as text when asked, so that the SDK loses no digits', async () => {
    await under.mysql.query("insert into t (name, big, amount) values ('a', 9007199254740993, 1.5)");

    const plain = await execute('select big, amount from t');
    const exact = await execute('select big, amount from t', {
      resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'DOUBLE_OR_LONG' },
    });

    expect(plain.records).toEqual([[{ longValue: 9_007_199_254_740_992 }, { stringValue: '1.500000000000000000' }]]);
    expect(exact.records).toEqual([[{ stringValue: '9007199254740993' }, { doubleValue: 1.5 }]]);
  });

  it('describes columns when asked', async () => {
    const { columnMetadata } = await execute('select id, amount as money, name from t as x', {
      includeResultMetadata: true,
    });

    expect(columnMetadata).toMatchObject([
      {
        name: 'id',
        label: 'id',
        type: 4,
        typeName: 'INT',
        tableName: 't',
        schemaName: database,
        isAutoIncrement: true,
        nullable: 0,
      },
      {
        name: 'amount',
        label: 'money',
        type: 3,
        typeName: 'DECIMAL',
        precision: 38,
        scale: 18,
        isSigned: true,
        nullable: 1,
      },
      { name: 'name', label: 'name', type: 12, typeName: 'VARCHAR' },
    ]);
  });

  it('formats records as JSON by their labels', async () => {
    await under.mysql.query("insert into t (name, big) values ('a', 1), ('b', null)");

    const answer = await execute('select name as n, big from t order by id', { formatRecordsAs: 'JSON' });

    expect(answer.records).toBeUndefined();
    expect(JSON.parse(answer.formattedRecords!)).toEqual([
      { n: 'a', big: 1 },
      { n: 'b', big: null },
    ]);
  });

  it('keeps a transaction to itself until it is committed, and forgets one that is rolled back', async () => {
    const id = await begin();
    await execute("insert into t (name) values ('kept')", { transactionId: id });
    expect(await names()).toEqual([]);
    expect(await commit(id)).toMatchObject({ transactionStatus: 'Transaction Committed' });
    expect(await names()).toEqual(['kept']);

    const other = await begin();
    await execute("insert into t (name) values ('gone')", { transactionId: other });
    expect(await rollback(other)).toMatchObject({ transactionStatus: 'Rollback Complete' });
    expect(await names()).toEqual(['kept']);
    await expect(commit(other)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
  });

  it('refuses a second statement in a transaction while the first runs', async () => {
    const id = await begin();
    const both = await Promise.allSettled([
      execute('select sleep(0.2)', { transactionId: id }),
      execute('select 1', { transactionId: id }),
    ]);
    const [refused] = both.filter((result) => result.status === 'rejected');

    expect(both.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(refused?.reason).toMatchObject({
      name: 'DatabaseErrorException',
      message: expect.stringContaining('Transaction is still running a query'),
    });
    await rollback(id);
  });

  it('stores all parameter sets of a batch or none', async () => {
    const batch = (parameterSets: SqlParameter[][], transactionId?: string) =>
      under.client.send(
        new BatchExecuteStatementCommand({
          ...target,
          database,
          sql: 'insert into t (name) values (:name)',
          parameterSets,
          transactionId,
        }),
      );

    expect((await batch([[text('name', 'a')], [text('name', 'b')]])).updateResults).toEqual([
      { generatedFields: [{ longValue: 1 }] },
      { generatedFields: [{ longValue: 2 }] },
    ]);
    await expect(batch([[text('name', 'c')], [text('name', 'a')]])).rejects.toMatchObject({
      name: 'DatabaseErrorException',
    });
    expect(await names()).toEqual(['a', 'b']);
  });

  it("says what MySQL refused in the Data API's words", async () => {
    await execute("insert into t (name) values ('a')");

    await expect(execute("insert into t (name) values ('a')")).rejects.toMatchObject({
      name: 'DatabaseErrorException',
      message: expect.stringMatching(/^Database error code: 1062\. Message: Duplicate entry 'a' for key/),
      $metadata: { httpStatusCode: 400 },
    });
    await expect(execute('selec 1')).rejects.toMatchObject({ message: expect.stringContaining('error code: 1064') });
    await expect(execute('select 1', { database: 'nowhere' })).rejects.toMatchObject({
      name: 'DatabaseNotFoundException',
    });
  });

  it.each([
    ['two statements', { sql: 'select 1; select 2' }, 'ValidationException', 'Multistatements'],
    ['a schema', { sql: 'select 1', schema: 'x' }, 'ValidationException', 'schema parameter'],
    ['65,537 characters', { sql: `select 1${' '.repeat(65_529)}` }, 'ValidationException', 'sql'],
    ['a parameter without a value', { sql: 'select :a' }, 'BadRequestException', 'Cannot find parameter: a'],
    [
      'a time with T and Z',
      { sql: 'select :a', parameters: [{ ...text('a', '2026-01-02T03:04:05Z'), typeHint: 'TIMESTAMP' }] },
      'BadRequestException',
      'TIMESTAMP',
    ],
    [
      'a decimal that is none',
      { sql: 'select :a', parameters: [{ ...text('a', '1; drop table t'), typeHint: 'DECIMAL' }] },
      'BadRequestException',
      'DECIMAL',
    ],
    [
      'JSON that is none',
      { sql: 'select :a', parameters: [{ ...text('a', '{'), typeHint: 'JSON' }] },
      'BadRequestException',
      'JSON',
    ],
    [
      'arrays',
      { sql: 'select :a', parameters: [{ name: 'a', value: { arrayValue: { longValues: [1] } } }] },
      'BadRequestException',
      'Array',
    ],
  ] as const)('refuses %s', async (_what, input, name, message) => {
    await expect(execute(input.sql, input as never)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  it('lets one semicolon at the end pass, and any in quotes', async () => {
    expect((await execute("select ';' as a; ")).records).toEqual([[{ stringValue: ';' }]]);
  });

  it('ends a response above 1 MiB and a row above 64 KB', async () => {
    const rows = (n: number, bytes: number) => `select repeat('x', ${bytes}) from seq_1_to_${n}`;

    expect((await execute(rows(15, 60_000))).records).toHaveLength(15);
    await expect(execute(rows(20, 60_000))).rejects.toMatchObject({
      message: expect.stringContaining('response size limit'),
    });
    await expect(execute(rows(1, 65_537))).rejects.toMatchObject({
      message: expect.stringContaining('Packet for query'),
    });
    const { formattedRecords } = await execute(rows(20, 60_000), { formatRecordsAs: 'JSON' });
    expect(JSON.parse(formattedRecords!)).toHaveLength(20);
  });

  it('loses the transaction in which a response was too large', async () => {
    const id = await begin();
    await execute("insert into t (name) values ('a')", { transactionId: id });
    await expect(execute("select repeat('x', 65537)", { transactionId: id })).rejects.toThrow();

    await expect(commit(id)).rejects.toMatchObject({ name: 'TransactionNotFoundException' });
    expect(await names()).toEqual([]);
  });

  it('refuses a request above 4 MiB', async () => {
    const parameters = [text('a', 'x'.repeat(4_194_304))];
    await expect(execute('select length(:a)', { parameters })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 413 },
    });
    const fits = [text('a', 'x'.repeat(4_190_000))];
    expect((await execute('select length(:a)', { parameters: fits })).records).toEqual([[{ longValue: 4_190_000 }]]);
  });

  it('wakes up when told how often to say that it is waking', async () => {
    under.api.resuming(1);
    await expect(execute('select 1')).rejects.toMatchObject({
      name: 'DatabaseResumingException',
      message: expect.stringContaining('is resuming after being auto-paused'),
      $metadata: { attempts: 1 },
    });
    expect((await execute('select 1')).records).toEqual([[{ longValue: 1 }]]);
  });

  it('fails as told', async () => {
    under.api.failing(1, { status: 403, type: 'AccessDeniedException', message: 'no' });
    await expect(execute('select 1')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('refuses types that it does not know', async () => {
    await expect(execute('select point(1, 1)')).rejects.toMatchObject({ name: 'UnsupportedResultException' });
  });

  describe('with limits of its own', () => {
    const started: { stop(): Promise<void> }[] = [];
    afterAll(async () => {
      for (const api of started) await api.stop();
    });
    const start = async (options: object) => {
      const api = await startRdsDataApi({
        server: { socketPath: mariadbSocket! },
        users: { user: 'root' },
        ...options,
      });
      started.push(api);
      return { api, client: dataApiClient(api.url) };
    };

    it('rolls a transaction back that was left alone for three minutes', async () => {
      const clock = firingClock();
      const { client } = await start({ clock });
      const { transactionId } = await client.send(new BeginTransactionCommand({ ...target, database }));
      await client.send(
        new ExecuteStatementCommand({ ...target, database, sql: "insert into t (name) values ('a')", transactionId }),
      );

      await clock.fireUntil(180_000);

      await expect(client.send(new CommitTransactionCommand({ ...target, transactionId }))).rejects.toMatchObject({
        name: 'TransactionNotFoundException',
      });
      expect(await names()).toEqual([]);
    });

    it('ends a statement that takes too long and says on which connection', async () => {
      const { client } = await start({ statementTimeoutMs: 100 });
      const run = (sql: string) => client.send(new ExecuteStatementCommand({ ...target, database, sql }));

      await expect(run('select sleep(5)')).rejects.toMatchObject({
        name: 'StatementTimeoutException',
        dbConnectionId: expect.any(Number),
      });
      expect((await run('select 1')).records).toEqual([[{ longValue: 1 }]]);
    });

    it('lets each secret stand for its own user and knows one cluster', async () => {
      const secret = `${SECRET_ARN}-reader`;
      await under.mysql.query('create user if not exists reader@localhost; grant select on *.* to reader@localhost');
      const { client } = await start({ users: { [secret]: { user: 'reader' } }, resourceArn: RESOURCE_ARN });
      const run = (sql: string, on = { resourceArn: RESOURCE_ARN, secretArn: secret }) =>
        client.send(new ExecuteStatementCommand({ ...on, database, sql }));

      expect((await run('select current_user()')).records).toEqual([[{ stringValue: 'reader@localhost' }]]);
      await expect(run("insert into t (name) values ('a')")).rejects.toMatchObject({
        message: expect.stringContaining('1142'),
      });
      await expect(run('select 1', target)).rejects.toMatchObject({ name: 'InvalidSecretException' });
      await expect(run('select 1', { resourceArn: `${RESOURCE_ARN}-other`, secretArn: secret })).rejects.toMatchObject({
        name: 'DatabaseNotFoundException',
      });
    });

    it.each([
      ['found', 1],
      ['changed', 0],
    ] as const)('counts rows that an update %s', async (counts, expected) => {
      const { client } = await start({ counts });
      await under.mysql.query("insert into t (name) values ('a')");
      const sql = "update t set name = 'a' where name = 'a'";

      expect(
        (await client.send(new ExecuteStatementCommand({ ...target, database, sql }))).numberOfRecordsUpdated,
      ).toBe(expected);
    });

    it('answers nobody without a signature', async () => {
      const { api } = await start({});
      const reply = await fetch(`${api.url}/Execute`, { method: 'POST', body: '{}' });
      expect([reply.status, reply.headers.get('x-amzn-errortype')]).toEqual([
        403,
        'MissingAuthenticationTokenException',
      ]);
    });
  });
});
