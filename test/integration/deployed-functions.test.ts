import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionNames } from '#infra/bundling/bundle.ts';
import { kinesisEvent } from '#local/emulators/kinesis-envelope.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { findMariadb } from '#local/mariadb/private-mariadb.ts';
import { MIGRATION_NAMES } from '#shared/adapters/sql/migrate.ts';
import { type DeployedPlatform, deployPlatform } from '#test/support/deployed-platform.ts';
import type { Invocation } from '#test/support/lambda-sandbox.ts';

const CI = !['', '0', 'false', undefined].includes(process.env.CI);
const missing = findMariadb(process.env.PATH ?? '') === null;
if (missing && !CI) process.stderr.write('\nSKIPPED: the deployed functions (MariaDB is not installed)\n');

const IAM = { iam: { userArn: 'arn:aws:iam::000000000000:user/ada' } };
const HOST = 'abc.lambda-url.ap-northeast-1.on.aws';
const urlEvent = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { host: HOST, 'content-type': 'application/json', ...headers },
  requestContext: {
    domainName: HOST,
    authorizer: IAM,
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
  },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  isBase64Encoded: false,
});

describe.skipIf(missing && !CI)('the bundled functions in Lambda sandboxes', () => {
  let platform: DeployedPlatform;
  beforeAll(async () => {
    platform = await deployPlatform();
  }, 60_000);
  afterAll(() => platform?.stop());

  const invoke = async (name: string, event: unknown): Promise<Invocation> =>
    (await platform.sandbox(name)).invoke(event);
  const answerOf = async (name: string, event: unknown): Promise<unknown> => {
    const outcome = await invoke(name, event);
    if (outcome.kind !== 'answered') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
    return outcome.answer;
  };
  /** A beat of a schedule: as the event itself, or through its queue. */
  const beat = (job: string, cadenceMs: number) => scheduleEvent({ job, cadenceMs }, Date.now(), 1);
  /** Every message for a queue, taken out, as its mapping delivers them. */
  const taken = (queue: string) => {
    const { messages } = platform.recorder;
    const own = messages.filter((m) => m.queueUrl.endsWith(`/${queue}`));
    platform.recorder.messages.splice(0, messages.length, ...messages.filter((m) => !own.includes(m)));
    return sqsEvent(
      queue,
      own.map((m, i) => ({
        messageId: `${queue}-${i}-${Date.now()}`,
        body: m.body,
        receiveCount: 1,
        sentAtMs: Date.now(),
        ...(m.groupId === undefined ? {} : { groupId: m.groupId }),
      })),
    ) as { Records: unknown[] };
  };
  const waiting = (queue: string) => platform.recorder.messages.filter((m) => m.queueUrl.endsWith(`/${queue}`)).length;
  const recordsOf = (stream: string) => platform.recorder.records.filter((r) => r.stream === stream);
  const stored = (data: string, i: number) => ({
    sequenceNumber: String(i + 1),
    partitionKey: 'k',
    data,
    arrivedAtMs: Date.now(),
  });
  const callsOf = (who: string) => new Set(platform.recorder.calls.filter((c) => c.who === who).map((c) => c.action));

  it('migrates an empty database and makes its users, and has nothing to do the second time', async () => {
    expect(await answerOf('migrate', {})).toMatchObject({
      migrations: MIGRATION_NAMES,
      users: expect.arrayContaining([]),
    });

    const again = (await answerOf('migrate', {})) as { migrations: string[]; users: string[] };

    expect(again).toEqual({ migrations: [], users: [] });
    const state = "update system_state set reason = 'x'";
    expect(await platform.refusalOf('state', state)).toBeNull();
    expect(await platform.refusalOf('app', state)).toMatch(/denied/);
    expect(await platform.refusalOf('app', 'delete from system_state_audit')).toMatch(/denied/);
    expect(await platform.refusalOf('state', 'delete from system_state_audit')).toMatch(/denied/);
    expect(await platform.refusalOf('state', "update alerts set message = 'x'")).toMatch(/denied/);
    expect(await platform.refusalOf('app', "update alerts set message = 'x'")).toBeNull();
    expect(await platform.refusalOf('reader', 'select * from alerts')).toBeNull();
    expect(await platform.refusalOf('reader', "update alerts set message = 'x'")).toMatch(/denied/);
    expect(await platform.refusalOf('app', 'drop table alerts')).toMatch(/denied/);
  });

  it('bootstraps, reads the account from three sides, and lets the system trade', async () => {
    await answerOf('janitor', beat('janitor-start', 60_000));
    for (const name of ['balance', 'observer-1', 'observer-2', 'order-tracker', 'market-data', 'run-supervisor']) {
      await answerOf(name, beat(name, 30_000));
    }
    await answerOf('janitor', beat('janitor', 5_000));

    expect(await platform.query('select state, changed_by from system_state')).toMatchObject([{ state: 'HEALTHY' }]);
    expect([...platform.recorder.objects.keys()].sort()).toEqual([
      'documents/installation.json',
      'documents/observers/3T-observer.observer-1.json',
      'documents/observers/3T-observer.observer-2.json',
    ]);
    expect(await platform.query('select count(*) as n from runs')).toEqual([
      { n: platform.config.providence.desired_run_count },
    ]);
  });

  it('plans a cycle, which finds no position of somebody else', async () => {
    expect(await answerOf('reconciliation', beat('reconciliation', 60_000))).toEqual({ batchItemFailures: [] });

    const [row] = await platform.query('select count(distinct symbol) as n from decisions');
    expect(Number(row?.n)).toBeGreaterThan(1);
    expect(await platform.query('select symbol from position_epochs where hold_reason is not null')).toEqual([]);
  });

  it('fetches the candles that were found due', async () => {
    const jobs = taken('candle-jobs');
    expect(jobs.Records.length).toBeGreaterThan(5);

    expect(await answerOf('candle-fetcher', jobs)).toEqual({ batchItemFailures: [] });

    const [row] = await platform.query("select count(*) as n from market_data where timeframe = '1m'");
    expect(Number(row?.n)).toBeGreaterThan(100);
  });

  it('follows prices in the container, is healthy while they come, and ends without losing one', async () => {
    const producer = await platform.producer();
    const followed = () => new Set(recordsOf('market').map((r) => r.partitionKey)).size;
    await expect.poll(followed, { timeout: 10_000 }).toBe(platform.config.exchanges.hyperliquid!.symbols.length);

    expect(await producer.health()).toMatchObject({ status: 200, body: { healthy: true } });
    expect(await producer.terminate()).toBe(0);

    const last = producer.lines.filter((line) => line.includes('platform.stopped'));
    expect(last.map((line) => JSON.parse(line))).toMatchObject([{ level: 'info', lostTicks: 0 }]);
  });

  it('stores what the streams carry, and names the record that nobody can read', async () => {
    const poison = { ...stored('not JSON', 0), sequenceNumber: '999' };
    const account = recordsOf('account').map((r, i) => stored(r.data, i));
    expect(account.length).toBeGreaterThan(0);
    expect(await answerOf('balance-consumer', kinesisEvent('account', account))).toEqual({ batchItemFailures: [] });
    const market = recordsOf('market').map((r, i) => stored(r.data, i));
    for (const name of ['price-consumer', 'run-strategies']) {
      expect(await answerOf(name, kinesisEvent('market', market))).toEqual({ batchItemFailures: [] });
      expect(await answerOf(name, kinesisEvent('market', [poison]))).toEqual({
        batchItemFailures: [{ itemIdentifier: '999' }],
      });
    }

    const symbols = platform.config.exchanges.hyperliquid!.symbols.length;
    expect(await platform.query('select count(*) as n from latest_prices')).toEqual([{ n: symbols }]);
  });

  it('asks the venue whether the key may sign, as the tracker wants it at its start', async () => {
    const asked = taken('orders.fifo') as { readonly Records: readonly { readonly body: string }[] };

    expect(asked.Records.map(({ body }) => JSON.parse(body).type)).toEqual(['check-key']);
    expect(await answerOf('order-gateway', asked)).toEqual({ batchItemFailures: [] });
    const [row] = await platform.query("select last_error from exchange_jobs where job = 'trading-key:main'");
    expect(row).toEqual({ last_error: null });
  });

  it('sends an order by hand through its queue to the venue, and answers its caller', async () => {
    // Marks are stored beside prices, which came just now.
    await answerOf('market-data', beat('market-data', 30_000));
    const body = { symbol: 'BTC/USDC:USDC', side: 'buy', size: '0.01', type: 'market' };
    const answer = answerOf('api', urlEvent('POST', '/execute_order', body, { 'idempotency-key': 'k1' }));
    await expect.poll(() => waiting('orders.fifo'), { timeout: 10_000 }).toBe(1);
    const orders = taken('orders.fifo');

    expect(await answerOf('order-gateway', orders)).toEqual({ batchItemFailures: [] });

    const { statusCode, body: text } = (await answer) as { statusCode: number; body: string };
    expect([statusCode, JSON.parse(text)]).toMatchObject([200, { status: 'accepted' }]);
  });

  it('stores the fill of that order', async () => {
    await answerOf('order-tracker', beat('order-tracker', 10_000));

    expect(await platform.query('select symbol, side from fills')).toEqual([{ symbol: 'BTC/USDC:USDC', side: 'buy' }]);
  });

  it('serves the page behind IAM only', async () => {
    const status = (await answerOf('api', urlEvent('GET', '/api/status'))) as { statusCode: number; body: string };
    expect(status.statusCode).toBe(200);
    expect(JSON.parse(status.body).system.state).toBe('HEALTHY');
    const open = urlEvent('GET', '/api/status');
    const refused = { ...open, requestContext: { ...open.requestContext, authorizer: null } };
    expect(await answerOf('api', refused)).toMatchObject({ statusCode: 403 });
  });

  it('answers from what it reads no sooner than when it is asked', async () => {
    const bodyOf = async (path: string) => {
      const answer = (await answerOf('api', urlEvent('GET', path))) as { statusCode: number; body: string };
      expect([path, answer.statusCode]).toEqual([path, 200]);
      return answer.body;
    };

    expect(await bodyOf('/metrics')).toMatch(/^threet_system_state\{state="HEALTHY"\} 1$/m);
    expect(JSON.parse(await bodyOf('/3T-observer.json'))).toMatchObject({ observer_id: 'observer-1' });
  });

  it('says what is missing when its environment is incomplete', async () => {
    const { DATABASE_NAME: _, ...variables } = await platform.variablesOf('order-gateway');
    const sandbox = await platform.start('order-gateway', {
      ...variables,
      VENUE: '{"venue":"hyperliquid","kind":"live"}',
    });

    const outcome = await sandbox.invoke({ Records: [] });

    expect(outcome).toMatchObject({ kind: 'init-failed', error: { errorType: 'EnvironmentError' } });
    const { errorMessage } = (outcome as { error: { errorMessage: string } }).error;
    expect(errorMessage).toContain('DATABASE_NAME: it is missing');
    expect(errorMessage).toContain('VENUE.httpUrl');
  });

  it('fails its invocation with a typed error when the database cannot be reached, and lives on', async () => {
    const variables = { ...(await platform.variablesOf('balance')), AWS_ENDPOINT_URL_RDS_DATA: 'http://127.0.0.1:9' };
    const sandbox = await platform.start('balance', variables);

    for (const _ of [1, 2]) {
      expect(await sandbox.invoke(beat('balance', 60_000))).toMatchObject({
        kind: 'failed',
        error: { errorType: 'DataApiError' },
      });
    }
    const errors = sandbox.lines.map((line) => JSON.parse(line)).filter((line) => line.event === 'function.failed');
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({
      function: 'balance',
      level: 'error',
      stage: 'local',
      requestId: expect.any(String),
    });
  });

  it('locks when an older database takes the place of its own while it runs', async () => {
    const tick = () => answerOf('janitor', { ...(beat('janitor', 60_000) as object), executionId: 'x' });
    await tick();
    const mark = JSON.parse(platform.recorder.objects.get('documents/installation.json')!.toString());
    expect(mark.beatsMs.hyperliquid).toBeGreaterThan(0);
    await platform.query("update exchange_jobs set last_ok_ms = last_ok_ms - 600000 where job = 'janitor'");
    await tick();

    expect(await platform.query('select state, lock_mode, reason from system_state')).toMatchObject([
      { state: 'LOCKED', lock_mode: 'freeze', reason: expect.stringContaining('has lost') },
    ]);
  });

  it('says that the database is paused before its own time is over, and how long it waited', async () => {
    const timeoutMs = 6_000;
    const balance = await platform.start('balance', await platform.variablesOf('balance'), timeoutMs);
    const api = await platform.start('api', await platform.variablesOf('api'), timeoutMs);
    platform.pauseDatabase(1_000);
    const failed = await balance.invoke(beat('balance', 60_000));
    const answer = await api.invoke(urlEvent('GET', '/api/status'));
    platform.pauseDatabase(0);

    expect(failed).toMatchObject({ kind: 'failed', error: { errorType: 'DataApiError' } });
    const text = (failed as { error: { errorMessage: string } }).error.errorMessage;
    // Half a second, one second; two more would end within the three that it keeps for its words.
    expect(text).toMatch(
      /is paused and did not wake up in 1[5-9]\d\d ms and 3 attempts\. .*try again in half a minute/,
    );
    const { statusCode, body } = (answer as { answer: { statusCode: number; body: string } }).answer;
    expect([statusCode, JSON.parse(body).error]).toMatchObject([
      503,
      { code: 'database-resuming', numbers: { attempts: 3 } },
    ]);
    expect(await balance.invoke(beat('balance', 60_000))).toMatchObject({ kind: 'answered' });
  });

  it('was every function there is, and no error stood in a log but those of the poison', async () => {
    const names = functionNames().flatMap((name) => (name === 'observer' ? ['observer-1', 'observer-2'] : [name]));
    const { started } = platform;
    expect([...started].sort()).toEqual([...names].sort());
    for (const name of started) {
      const lines = (await platform.sandbox(name)).lines.map((line) => JSON.parse(line));
      const errors = lines.filter((line) => line.level === 'error' && line.what !== 'market-bundle');
      expect([name, errors]).toEqual([name, []]);
    }
    const { lines } = await platform.sandbox('order-gateway');
    expect(lines.some((line) => '_aws' in JSON.parse(line))).toBe(true);
  });

  it('calls no service that its task does not need, and only the gateway reads the key', () => {
    expect(callsOf('observer-1')).toEqual(new Set(['s3:PutObject', 's3:GetObject']));
    for (const who of ['price-consumer', 'run-supervisor', 'candle-fetcher']) expect(callsOf(who)).toEqual(new Set());
    const readers = platform.recorder.calls.filter((c) => c.about.includes('secret:trading')).map((c) => c.who);
    expect(new Set(readers)).toEqual(new Set(['order-gateway']));
  });
});
