import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createConnection } from 'mysql2/promise';
import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import { bundleAll, bundleContainer } from '#infra/bundling/bundle.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';
import { startSimulator } from '#test/integration/exchange-simulator/simulator-process.ts';
import { type AwsRecorder, startAwsRecorder } from './aws-recorder.ts';
import { CLUSTER, DATABASE, functionVariables, isObserverOf, secretArn } from './function-variables.ts';
import { LambdaSandbox } from './lambda-sandbox.ts';

export interface ProducerProcess {
  /** JSON lines of its log. */
  readonly lines: readonly string[];
  health(): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Sends SIGTERM; the exit code. */
  terminate(): Promise<number | null>;
}

export interface DeployedPlatform {
  readonly config: Config;
  readonly recorder: AwsRecorder;
  readonly bundleDir: string;
  /** The function in its own process; `name` may be an observer's id. The same process for every call of one name. */
  sandbox(name: string): Promise<LambdaSandbox>;
  /** Names of those that were asked for. */
  readonly started: readonly string[];
  /** Another process of the function, with variables of its own; ended with the platform. */
  start(name: string, variables: Readonly<Record<string, string>>, timeoutMs?: number): Promise<LambdaSandbox>;
  /** The next calls of the Data API find a database that resumes; none takes it back. */
  pauseDatabase(calls: number): void;
  /** Variables of a function or of the container: its settings, and of the resources only those that its `env.ts` asks for. */
  variablesOf(name: string): Promise<Readonly<Record<string, string>>>;
  /** The container's process, on a free port; ended with the platform. */
  producer(): Promise<ProducerProcess>;
  /** As the owner of the schema. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Does a statement as one of the users that `migrate` made; the message when the database refuses. */
  refusalOf(user: 'app' | 'state' | 'reader', sql: string): Promise<string | null>;
  stop(): Promise<void>;
}

/** The bundles of all functions, before MariaDB, the exchange simulator and a recorder in place of the other services of AWS. */
export async function deployPlatform(): Promise<DeployedPlatform> {
  const ends: (() => Promise<unknown> | undefined)[] = [];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return Object.assign(await begin((end) => ends.push(end)), { stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function begin(
  atEnd: (end: () => Promise<unknown> | undefined) => void,
): Promise<Omit<DeployedPlatform, 'stop'>> {
  const bundleDir = mkdtempSync(join(tmpdir(), '3t-bundles-'));
  atEnd(async () => rmSync(bundleDir, { recursive: true, force: true }));
  const [mariadb, recorder, simulator] = await Promise.all([
    startPrivateMariadb({ path: process.env.PATH ?? '' }),
    startAwsRecorder(),
    startSimulator('--port', '0', '--history-minutes', '300'),
    bundleAll(bundleDir),
    bundleContainer('price-producer', bundleDir),
  ]);
  atEnd(() => mariadb.stop());
  atEnd(() => recorder.stop());
  atEnd(() => simulator.kill('SIGKILL'));
  const { socketPath } = mariadb;
  const root = await createConnection({ socketPath, user: 'root' });
  atEnd(() => root.end());
  await root.query(`create database ${DATABASE}`);

  const passwords = Object.fromEntries(['app', 'state', 'reader'].map((u) => [u, randomBytes(16).toString('hex')]));
  for (const [username, password] of Object.entries(passwords)) {
    recorder.secrets.set(secretArn(username), JSON.stringify({ username, password }));
  }
  const users = {
    [secretArn('migrate')]: { user: 'root' },
    ...Object.fromEntries(Object.entries(passwords).map(([user, password]) => [secretArn(user), { user, password }])),
  };
  const api = await startRdsDataApi({ server: { socketPath }, users, resourceArn: CLUSTER });
  atEnd(() => api.stop());

  const { config } = loadConfig({ stage: 'local' });
  const { agent_key_secret: keyName } = config.exchanges.hyperliquid!.accounts[0]!;
  recorder.secrets.set(secretArn('trading'), JSON.stringify({ [keyName]: TEST_SIGNERS.mainAgent.privateKey }));
  const isObserver = (name: string) => isObserverOf(config, name);
  const variablesOf = async (name: string): Promise<Readonly<Record<string, string>>> => ({
    ...(await functionVariables(config, simulator, name)),
    AWS_ENDPOINT_URL: recorder.url,
    AWS_ENDPOINT_URL_RDS_DATA: api.url,
  });

  const sandboxes = new Map<string, Promise<LambdaSandbox>>();
  const start = async (name: string, variables: Readonly<Record<string, string>>, timeoutMs = 30_000) => {
    const dir = join(bundleDir, isObserver(name) ? 'observer' : name);
    const sandbox = await LambdaSandbox.start({ functionName: name, dir, variables, timeoutMs });
    atEnd(() => sandbox.stop());
    return sandbox;
  };

  const producer = async (): Promise<ProducerProcess> => {
    const child = spawn(process.execPath, [join(bundleDir, 'price-producer', 'main.js')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: '/usr/bin:/bin',
        AWS_REGION: 'ap-northeast-1',
        AWS_ACCESS_KEY_ID: 'price-producer',
        AWS_SECRET_ACCESS_KEY: 'test',
        HEALTH_PORT: '0',
        ...(await variablesOf('price-producer')),
      },
    });
    atEnd(async () => child.kill('SIGKILL'));
    const lines: string[] = [];
    const log = createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
    const [first] = (await once(log, 'line')) as [string];
    const { healthPort } = JSON.parse(first) as { healthPort: number };
    return {
      lines,
      health: async () => {
        const response = await fetch(`http://127.0.0.1:${healthPort}/health`);
        return { status: response.status, body: await response.json() };
      },
      terminate: async () => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        return ((await ended) as [number | null])[0];
      },
    };
  };

  return {
    config,
    recorder,
    producer,
    bundleDir,
    variablesOf,
    start,
    pauseDatabase: (calls) => (calls === 0 ? api.reset() : api.resuming(calls)),
    get started() {
      return [...sandboxes.keys()];
    },
    sandbox: (name) => {
      const known = sandboxes.get(name) ?? variablesOf(name).then((variables) => start(name, variables));
      sandboxes.set(name, known);
      return known;
    },
    query: async (sql) => {
      await root.query(`use ${DATABASE}`);
      return (await root.query(sql))[0] as Record<string, unknown>[];
    },
    refusalOf: async (user, sql) => {
      const connection = await createConnection({ socketPath, user, password: passwords[user]!, database: DATABASE });
      try {
        await connection.query(sql);
        return null;
      } catch (error) {
        return (error as Error).message;
      } finally {
        await connection.end();
      }
    },
  };
}
