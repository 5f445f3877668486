import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MariadbMissing, type PrivateMariadb, startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { type Ministack, startMinistack } from '#local/ministack/ministack.ts';
import { MinistackUnavailable } from '#local/ministack/ministack-venv.ts';
import { type RdsDataApi, startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';
import { secretLogins } from '#local/rds-data-api/secret-logins.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { defaultsOf, PROJECT, readCompose } from '#test/support/compose-file.ts';
import { metricsIn } from '#test/support/promql-names.ts';

/**
 * The services of docker-compose.local.yml as processes: their own commands and variables, only host names and ports replaced. What
 * this cannot show is what Docker adds: images, networks and health checks.
 */

const stateDir = mkdtempSync(join(tmpdir(), '3t-compose-'));
const compose = readCompose();
/** So that the first cycle comes within seconds. */
const FASTER = ['reconciliation_engine.rebalance_frequency=5', 'telemetry.log_level=warn'].join('\n');
/** Counters that exist once there was trouble, and what comes later than the first fill. */
const NOT_YET = [
  'stream_records_dead',
  'schedule_slots_dropped',
  'schedule_slots_overlapped',
  'queue_depth',
  'account_pct_change_from_baseline',
];

interface Surroundings {
  readonly ministack: Ministack;
  readonly mariadb: PrivateMariadb;
  readonly dataApi: RdsDataApi;
  readonly rows: Connection;
}

/** Null where Python or MariaDB is missing; continuous integration has both. */
async function startSurroundings(): Promise<Surroundings | null> {
  try {
    const ministack = await startMinistack({ stateDir, environment: process.env });
    const mariadb = await startPrivateMariadb({ path: process.env.PATH ?? '' });
    const server = { socketPath: mariadb.socketPath };
    const rows = await createConnection({ ...server, user: 'root' });
    await rows.query('create database threet');
    await rows.query('use threet');
    const secrets = new SecretsManagerClient({
      ...awsClientOptions('secrets_manager', ministack.clientEnvironment),
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const dataApi = await startRdsDataApi({ server, users: secretLogins(secrets, systemClock) });
    return { ministack, mariadb, rows, dataApi };
  } catch (error) {
    const missing = error instanceof MinistackUnavailable || error instanceof MariadbMissing;
    if (!missing || process.env.CI) throw error;
    process.stderr.write(`\nSKIPPED: the services of docker-compose.local.yml (${error.message})\n`);
    return null;
  }
}

const surroundings = await startSurroundings();
const segments: { readonly name: string; readonly trace_id: string }[] = [];
const daemon = createSocket('udp4');
const running: ChildProcess[] = [];
let printed = '';
let doorUrl = '';

/** Names of services → where they are here. */
const places: [string, string][] = [];
const placed = (text: string) => places.reduce((result, [name, here]) => result.replaceAll(name, here), text);

function start(name: string, script?: string): ChildProcess {
  const { environment, command } = compose.services[name]!;
  const variables = Object.entries(defaultsOf(environment)).map(([key, value]) => [key, placed(value)] as const);
  const fixed: Record<string, string> = { ...Object.fromEntries(variables), PATH: process.env.PATH ?? '' };
  if (fixed.STATE_DIR) Object.assign(fixed, { STATE_DIR: stateDir, SECRETS_DIR: PROJECT, CONFIG_OVERRIDES: FASTER });
  if (fixed.DATABASE_OWNER_PASSWORD) fixed.DATABASE_OWNER_PASSWORD = '';
  if (fixed.DOOR_PORT) {
    const { port } = daemon.address();
    Object.assign(fixed, { DOOR_HOST: '127.0.0.1', DOOR_PORT: '0', AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${port}` });
  }
  if (name === 'cors-proxy') Object.assign(fixed, { HOST: '127.0.0.1', PORT: '0' });
  if (name === 'price-producer') fixed.HEALTH_PORT = '0';
  const args = script
    ? [script]
    : command!.slice(1).map((arg) => {
        if (arg.startsWith('--host=')) return '--host=127.0.0.1';
        if (arg.startsWith('--port=')) return '--port=0';
        return arg.replace('=/state/', `=${stateDir}/`);
      });
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'], env: fixed });
  running.push(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed = `${printed}${String(chunk)}`.slice(-20_000);
    });
  }
  return child;
}

/** The first line of a process that is JSON and has `key`. */
async function lineWith(child: ChildProcess, key: string): Promise<Record<string, unknown>> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    try {
      const value = JSON.parse(line) as Record<string, unknown>;
      if (key in value) return value;
    } catch {
      // Not for us.
    }
  }
  throw new Error(`it ended before it was ready:\n${printed.slice(-2_000)}`);
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function eventually<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const deadlineMs = systemClock.nowMs() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (systemClock.nowMs() > deadlineMs) throw new Error(`${what} did not come:\n${printed.slice(-3_000)}`);
    await systemClock.sleep(200);
  }
}

const page = async (path: string) => (await fetch(`${doorUrl}${path}`)).text();

describe.skipIf(surroundings === null)('the services of docker-compose.local.yml, as processes', () => {
  beforeAll(async () => {
    daemon.on('message', (message) => segments.push(JSON.parse(String(message).split('\n')[1]!)));
    daemon.bind(0, '127.0.0.1');
    await once(daemon, 'listening');
    const { ministack, dataApi } = surroundings!;
    places.push(['http://aws:4566', ministack.endpoint], ['http://rds-data-api:8080', dataApi.url]);
    const venue = await lineWith(start('exchange-simulator'), 'httpUrl');
    places.push(['exchange-simulator:3100', new URL(String(venue.httpUrl)).host]);
    const proxy = await lineWith(start('cors-proxy'), 'port');
    places.push(['http://cors-proxy:8080', `http://127.0.0.1:${proxy.port}`]);
    expect(await exitCodeOf(start('provision')), printed).toBe(0);
    const ready = await lineWith(start('platform'), 'ready');
    doorUrl = String(ready.url);
    await lineWith(start('price-producer', 'containers/price-producer/main.ts'), 'healthPort');
  }, 120_000);

  afterAll(async () => {
    for (const child of running) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    daemon.close();
    await surroundings?.rows.end();
    await surroundings?.dataApi.stop();
    await surroundings?.mariadb.stop();
    await surroundings?.ministack.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('trade: prices through the proxy and the stream, orders through the queue, fills from the venue', async () => {
    const filled = await eventually('a fill', async () => {
      const [rows] = await surroundings!.rows.query(
        "select * from order_execution_log where status = 'filled' limit 1",
      );
      return (rows as Record<string, unknown>[])[0] ?? null;
    });
    expect(filled.exchange).toBe('hyperliquid');
    // Through the Data API as the users that migrate has made, each by its secret.
    const [sessions] = await surroundings!.rows.query('select distinct user from information_schema.processlist');
    const users = (sessions as { user: string }[]).map((session) => session.user);
    expect(users).toEqual(expect.arrayContaining(['threet_app', 'threet_state']));
  });

  it('send one trace of decision and order to where the collector would listen', async () => {
    const wanted = ['reconciliation', 'order-gateway'];
    const chain = await eventually('the trace', async () => {
      const traces = Map.groupBy(segments, (segment) => segment.trace_id);
      const names = [...traces.values()].map((own) => new Set(own.map((segment) => segment.name)));
      return names.find((own) => wanted.every((name) => own.has(name))) ?? null;
    });
    expect([...chain]).toEqual(expect.arrayContaining(wanted));
  });

  it('serve every metric that a dashboard asks for', async () => {
    const texts = `${await page('/metrics')}\n${await page('/-/metrics')}`;
    const served = new Set([...texts.matchAll(/^([a-zA-Z_:][\w:]*)[ {]/gm)].map((match) => match[1]));
    const folder = join(PROJECT, 'local/compose/grafana/dashboards');
    const asked = readdirSync(folder).flatMap((file) => {
      const { panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        panels: { targets: { expr: string }[] }[];
      };
      return panels.flatMap((panel) => panel.targets.flatMap((target) => metricsIn(target.expr)));
    });
    const missing = [...new Set(asked)].filter((name) => !served.has(name) && !NOT_YET.includes(name));
    expect(missing).toEqual([]);
  });

  it('end when they are told to, and the one-shot services by themselves', async () => {
    for (const child of running.filter((c) => c.exitCode === null).reverse()) {
      child.kill('SIGTERM');
      expect(await exitCodeOf(child), printed.slice(-2_000)).toBe(0);
      if (child.spawnargs.includes('run')) break;
    }
    expect(await exitCodeOf(start('backfill')), printed.slice(-2_000)).toBe(0);
    expect(await exitCodeOf(start('maintenance')), printed.slice(-2_000)).toBe(0);
  });
});
