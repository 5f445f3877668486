import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { MariadbMissing, type PrivateMariadb, startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { type Ministack, startMinistack } from '#local/ministack/ministack.ts';
import { MinistackUnavailable } from '#local/ministack/ministack-venv.ts';
import { openApiDoor } from '#local/platform-runner/api-door.ts';
import { fileCheckpoints } from '#local/platform-runner/checkpoints.ts';
import { deployedFunctions } from '#local/platform-runner/deployed-functions.ts';
import { platformRunnerEnvSchema } from '#local/platform-runner/env.ts';
import { createPlatformRunner, type PlatformRunner } from '#local/platform-runner/platform-runner.ts';
import { provision, type StageResources } from '#local/platform-runner/provision.ts';
import { type RdsDataApi, startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';
import { secretLogins } from '#local/rds-data-api/secret-logins.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { type SimulatorProcess, startSimulator } from '../exchange-simulator/simulator-process.ts';

const KEY = 'exchanges.hyperliquid.main.agent_key';
// Published with the simulator: worth nothing.
const SECRETS = {
  databaseOwner: { username: 'root', password: '' },
  tradingKeys: { [KEY]: '0x573ac3c4cc1e4b9c9d4e8730a37e98370d5e5d2dabba89d02b44d347136ab62a' },
};

const stateDir = mkdtempSync(join(tmpdir(), '3t-runner-'));
const telemetry = new RecordingTelemetry();
let printed = '';
const output = new Writable({
  write(chunk, _encoding, done) {
    printed += String(chunk);
    done();
  },
});
const { config } = loadConfig({
  stage: 'local',
  overrides: ['streams.consumers.price_consumer={batch_size: 100, window_s: 0, retries: 1, max_record_age_s: 3600}'],
});

const credentials = { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

interface Surroundings {
  readonly ministack: Ministack;
  readonly mariadb: PrivateMariadb;
  readonly dataApi: RdsDataApi;
  readonly simulator: SimulatorProcess;
  readonly rows: Connection;
}

/** Null where Python or MariaDB is missing; continuous integration has both. */
async function startSurroundings(): Promise<Surroundings | null> {
  try {
    const ministack = await startMinistack({ stateDir, environment: process.env });
    const mariadb = await startPrivateMariadb({ path: process.env.PATH ?? '' });
    const rows = await createConnection({ socketPath: mariadb.socketPath, user: 'root' });
    await rows.query('create database threet');
    await rows.query('use threet');
    const server = { socketPath: mariadb.socketPath };
    const secrets = new SecretsManagerClient({
      ...awsClientOptions('secrets_manager', ministack.clientEnvironment),
      ...credentials,
    });
    const dataApi = await startRdsDataApi({ server, users: secretLogins(secrets, systemClock) });
    const simulator = await startSimulator('--ticks-per-second', '1', '--history-minutes', '60');
    return { ministack, mariadb, dataApi, simulator, rows };
  } catch (error) {
    const missing = error instanceof MinistackUnavailable || error instanceof MariadbMissing;
    if (!missing || process.env.CI) throw error;
    process.stderr.write(`\nSKIPPED: the platform runner (${error.message})\n`);
    return null;
  }
}

const surroundings = await startSurroundings();
const at: Readonly<Record<string, string>> = surroundings
  ? { ...surroundings.ministack.clientEnvironment, AWS_ENDPOINT_URL_RDS_DATA: surroundings.dataApi.url }
  : {};
const clients = {
  kinesis: new KinesisClient({ ...awsClientOptions('kinesis', at), ...credentials }),
  sqs: new SQSClient({ ...awsClientOptions('sqs', at, { requestTimeoutMs: 15_000 }), ...credentials }),
  s3: new S3Client({ ...awsClientOptions('s3', at), ...credentials }),
  secrets: new SecretsManagerClient({ ...awsClientOptions('secrets_manager', at), ...credentials }),
};

let resources: StageResources;
let runner: PlatformRunner;

async function eventually<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const deadlineMs = systemClock.nowMs() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (systemClock.nowMs() > deadlineMs) {
      throw new Error(
        `${what} did not come; logs: ${JSON.stringify(telemetry.logs.slice(-5))}\n${printed.slice(-2_000)}`,
      );
    }
    await systemClock.sleep(100);
  }
}

const firstRow = async (sql: string): Promise<Record<string, unknown> | null> => {
  const [rows] = await surroundings!.rows.query(sql);
  return (rows as Record<string, unknown>[])[0] ?? null;
};

describe.skipIf(surroundings === null)('the platform runner on ministack', () => {
  beforeAll(async () => {
    const { simulator } = surroundings!;
    resources = await provision(clients, config, SECRETS, systemClock);
    const venue = { httpUrl: simulator.httpUrl, wsUrl: simulator.wsUrl };
    const input = { config, resources, venue, region: 'ap-northeast-1', account: '000000000000' };
    const env = platformRunnerEnvSchema.parse({
      ...at,
      STAGE: 'local',
      VENUE_HTTP_URL: venue.httpUrl,
      VENUE_WS_URL: venue.wsUrl,
      STATE_DIR: stateDir,
      SECRETS_DIR: '.',
      DATABASE_OWNER_PASSWORD: '',
      POLL_INTERVAL_MS: '200',
    });
    const checkpoints = fileCheckpoints(join(stateDir, 'checkpoints.json'));
    const deps = { clock: systemClock, telemetry, clients, checkpoints, output };
    runner = createPlatformRunner(deps, env, { config, resources, functions: deployedFunctions(input) });
    // Threads start with the first event of their function: only those of this test do.
    expect(await runner.invoke('migrate')).toMatchObject({ kind: 'ok' });
    const start = scheduleEvent({ job: JANITOR_START_JOB, cadenceMs: 60_000 }, systemClock.nowMs(), 1);
    expect(await runner.invoke('janitor', start)).toMatchObject({ kind: 'ok' });
    runner.openEntries();
  });

  afterAll(async () => {
    await runner?.stop();
    if (surroundings) {
      await surroundings.simulator.kill('SIGTERM');
      await surroundings.rows.end();
      await surroundings.dataApi.stop();
      await surroundings.mariadb.stop();
      await surroundings.ministack.stop();
    }
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('finds at a second provisioning what the first has made', async () => {
    expect(await provision(clients, config, SECRETS, systemClock)).toEqual(resources);
  });

  it('brings a record of the stream to price-consumer, and a poison one to the bucket', async () => {
    const nowMs = systemClock.nowMs();
    const bundle: MarketBundle = {
      v: 1,
      type: 'trades',
      exchange: 'hyperliquid',
      symbol: 'BTC/USDC:USDC',
      items: [{ id: 't1', px: '64000.5', sz: '0.1', side: 'buy', t: nowMs }],
      trace: { correlationId: 'abc123', bornAtMs: nowMs },
    };
    const put = (text: string) =>
      clients.kinesis.send(
        new PutRecordCommand({ StreamName: resources.marketStream, PartitionKey: 'k', Data: Buffer.from(text) }),
      );
    await put(JSON.stringify(bundle));
    await put('not a bundle');
    const stored = await eventually('the price', () => firstRow('select * from stream_data limit 1'));
    expect(stored).toMatchObject({ symbol: 'BTC/USDC:USDC' });
    const { Contents: [object] = [] } = await eventually('the poison', async () => {
      const list = await clients.s3.send(new ListObjectsV2Command({ Bucket: resources.poisonBucket }));
      return list.Contents?.length ? list : null;
    });
    const poison = await clients.s3.send(new GetObjectCommand({ Bucket: resources.poisonBucket, Key: object!.Key! }));
    const record = JSON.parse(await poison.Body!.transformToString()) as { payload: string; attempts: number };
    expect(Buffer.from(record.payload, 'base64').toString()).toBe('not a bundle');
  });

  it('brings a message of a queue to its function, and deletes it', async () => {
    const { standard } = resources.runRequestQueues.balance![0]!;
    const body = { v: 1, type: 'run-request', job: 'balance', exchange: 'hyperliquid', symbols: null, reason: 'test' };
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: standard,
        MessageBody: JSON.stringify({ ...body, trace: { correlationId: 'def456', bornAtMs: systemClock.nowMs() } }),
      }),
    );
    const job = await eventually('the balance', () => firstRow("select * from exchange_jobs where job = 'balance'"));
    expect(Number(job.last_ok_ms)).toBeGreaterThan(0);
    await eventually('the empty queue', async () => {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const { Attributes: a } = await clients.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: standard, AttributeNames: [...names] }),
      );
      return names.every((name) => a?.[name] === '0') ? true : null;
    });
  });

  it('answers HTTP by the function api, and only under its own name', async () => {
    const door = await openApiDoor({
      host: '127.0.0.1',
      port: 0,
      names: [],
      invoke: (event) => runner.invoke('api', event),
      metrics: async () => ({ text: 'up 1\n', contentType: 'text/plain' }),
      nowMs: systemClock.nowMs,
    });
    try {
      const url = `http://127.0.0.1:${door.port}`;
      expect((await fetch(`${url}/health`)).status).toBe(200);
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('threet_system_state');
      expect(await (await fetch(`${url}/-/metrics`)).text()).toBe('up 1\n');
      // Past the caller that IAM would have admitted, the API's own guard stands.
      const post = (headers: Record<string, string>) =>
        fetch(`${url}/api/reconcile`, { method: 'POST', body: '{}', headers });
      expect((await post({ origin: 'https://evil.example', 'content-type': 'application/json' })).status).toBe(403);
      expect((await post({ 'content-type': 'text/plain' })).status).toBe(415);
      const status = await new Promise((resolve) =>
        request(`${url}/health`, { headers: { host: 'evil.example' } }, (r) => resolve(r.statusCode)).end(),
      );
      expect(status).toBe(421);
    } finally {
      await door.close();
    }
  });
});
