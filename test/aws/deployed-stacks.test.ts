import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '#cli/program.ts';
import { loadConfig } from '#config/load.ts';
import type { Readiness } from '#functions/api/readiness.ts';
import { type LocalAws, output, startLocalAws } from '#local/aws/local-aws.ts';
import type { HttpServer } from '#local/http-server.ts';
import { startStagePage } from '#local/stage/stage-page.ts';
import { isAlive, StateDirectory } from '#local/state-directory.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { dec } from '#shared/core/decimal.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import { metrics } from '#shared/telemetry/names.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 240_000;
const TRADES_WITHIN_MS = 240_000;
const TOKEN = 'a-token-of-this-test-0000';

/** The stacks of `npm run deploy` in an emulator, with everything that `npm run local:aws` puts around it. */
describe('the deployed stacks', () => {
  const dir = mkdtempSync(join(tmpdir(), '3t-aws-'));
  const state = new StateDirectory(dir);
  let aws: LocalAws;
  let page: HttpServer;

  beforeAll(async () => {
    const { config } = loadConfig({ stage: 'local-aws' });
    const onStep = (step: string) => process.stderr.write(`local AWS: ${step}\n`);
    aws = await startLocalAws({ config, state, environment: process.env, seed: 1, onStep });
    page = await startStagePage({ api: aws.api, projectDir: PROJECT, port: 0, token: TOKEN, venue: 'simulator' });
    state.writePlatform({ pid: process.pid, port: page.port, token: TOKEN, startedAtMs: Date.now() });
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await page?.close();
    await aws?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  const status = async (): Promise<PlatformSnapshot> =>
    (await (await aws.api('https://api.3t.internal/api/status')).json()) as PlatformSnapshot;

  async function cli(...words: string[]): Promise<{ readonly code: number; readonly json: unknown }> {
    const lines: string[] = [];
    const code = await runCli([...words, '--json', '--state', dir], {
      out: (text) => lines.push(text),
      err: (text) => lines.push(text),
      color: false,
      env: {},
      nowMs: () => Date.now(),
      fetch: globalThis.fetch,
    });
    return { code, json: JSON.parse(lines.join('\n')) as unknown };
  }

  it(
    'trade: an order accepted and filled, a refusal explained, desired equal to actual, every function at work',
    async () => {
      const functions = output(aws.outputs, 'FunctionNames').split(',');
      const deadlineMs = Date.now() + TRADES_WITHIN_MS;
      let missing: string[] = ['nothing looked at yet'];
      while (missing.length > 0 && Date.now() < deadlineMs) {
        await systemClock.sleep(3_000);
        missing = await whatIsMissing(functions);
      }
      expect(missing).toEqual([]);
      const orders = (await cli('orders')).json as {
        orders: { status: string; symbol: string; clientOrderId: string }[];
      };
      const filled = orders.orders.find((order) => order.status === 'filled')!;
      const why = await cli('why', filled.clientOrderId);
      expect(why.code).toBe(0);
      expect(JSON.stringify(why.json)).toContain(filled.symbol);
    },
    TRADES_WITHIN_MS + 30_000,
  );

  async function whatIsMissing(functions: readonly string[]): Promise<string[]> {
    const log = readFileSync(aws.emulatorLog, 'utf8');
    const idle = functions.filter((name) => !log.includes(`Lambda worker spawned for ${name} `));
    const snapshot = await status();
    const { json } = await cli('orders');
    const filled = (json as { orders: { status: string }[] }).orders.filter((order) => order.status === 'filled');
    const apart = snapshot.symbols.filter(
      (s) => s.managed && (s.actual === null || s.desired?.size == null || !dec(s.actual.size).eq(s.desired.size)),
    );
    const readiness = (await (await aws.api('https://api.3t.internal/ready')).json()) as Readiness;
    const figures = [metrics.runsPnl, metrics.positionsValue].filter((name) => !log.includes(`"${name}":`));
    return [
      ...idle.map((name) => `${name} was not invoked`),
      ...readiness.checks.flatMap(({ check, problem }) =>
        problem === null ? [] : [`not ready, ${check}: ${problem}`],
      ),
      ...figures.map((name) => `no panel has ${name}`),
      ...(snapshot.system?.state === 'HEALTHY' ? [] : [`state ${snapshot.system?.state}`]),
      ...(filled.length > 0 ? [] : ['no order was filled']),
      ...(snapshot.lastRefusal ? [] : ['nothing was refused']),
      ...(filled.length > 0 ? apart.map((s) => `${s.symbol} is not where it should be`) : []),
    ];
  }

  it('show their page on loopback, and take a write only with its token', async () => {
    const origin = `http://127.0.0.1:${page.port}`;
    const html = await (await fetch(origin)).text();
    expect(html).toContain(TOKEN);
    const body = JSON.stringify({ by: 'test' });
    const headers = { 'content-type': 'application/json' };
    const refused = await fetch(`${origin}/api/reconcile`, { method: 'POST', headers, body });
    expect(refused.status).toBe(401);
    const taken = await cli('reconcile');
    expect(taken.code).toBe(0);
  });

  it('answer the command line by the name of their stage, with nothing but AWS credentials', async () => {
    const env = { ...process.env, ...aws.clientEnvironment };
    const run = async (...words: string[]) => {
      const args = ['cli/main.ts', ...words, '--stage', 'local-aws', '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env });
      return stdout;
    };
    expect(JSON.parse(await run('status'))).toMatchObject({ system: { state: 'HEALTHY' } });
    expect(JSON.parse(await run('secrets', 'push'))).toEqual({ pushed: ['3t/local-aws/trading/main'] });
    const answered = (await run('logs', '--event', 'order.')).trim().split('\n');
    expect(answered.map((line) => (JSON.parse(line) as { event: string }).event)).toContain('order.answered');
  });

  it('answer every verb by the name of their stage', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const answers: string[] = [];
    const verb = async (words: string): Promise<number> => {
      const write = (text: string) => answers.push(text);
      const io = { out: write, err: write, color: false, nowMs: () => Date.now(), fetch: globalThis.fetch };
      const args = [...words.split(' '), '--stage', 'local-aws', '--json'];
      return runCli(args, { ...io, env: aws.clientEnvironment });
    };
    const { orders } = (await cli('orders')).json as { orders: { clientOrderId: string }[] };
    const id = orders[0]!.clientOrderId;
    const reason = '--reason verb';
    const codes: [string, number][] = [];
    for (const words of [
      'status',
      'positions',
      'orders',
      'trades',
      'pnl',
      'why BTC',
      `why ${id}`,
      `trace ${id}`,
      'symbols list',
      'reconcile BTC',
      `symbols add BTC ${reason}`,
      `adopt BTC ${reason}`,
      `release BTC ${reason}`,
      `symbols add BTC ${reason}`,
      `rearm hyperliquid ${reason}`,
      `symbols remove SOL ${reason}`,
      `symbols add SOL ${reason}`,
      `lock hyperliquid ${reason}`,
      `unlock hyperliquid ${reason}`,
      'logs --event order.',
      `flatten BTC ${reason}`,
    ]) {
      codes.push([words, await verb(words)]);
    }
    vi.unstubAllEnvs();
    expect(codes.filter(([, code]) => code !== 0)).toEqual([]);
    expect(answers.length).toBeGreaterThanOrEqual(codes.length);
  }, 60_000);

  it('sign in to the database as the users of their secrets, with no more rights than on AWS', async () => {
    const client = new RDSDataClient({
      ...awsClientOptions('rds_data', aws.clientEnvironment),
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const refusal = async (secretArn: string, sql: string): Promise<string | null> => {
      const target = {
        resourceArn: output(aws.outputs, 'DatabaseClusterArn'),
        secretArn,
        database: output(aws.outputs, 'DatabaseName'),
      };
      try {
        await client.send(new ExecuteStatementCommand({ ...target, sql }));
        return null;
      } catch (error) {
        return (error as Error).message;
      }
    };
    const secret = (user: string) => output(aws.outputs, `${user}SecretArn`);
    const [read, write, writeState] = [
      'select 1 from system_state limit 1',
      'delete from leases where 1 = 0',
      'update system_state set version = version where 1 = 0',
    ];
    const denied = expect.stringMatching(/command denied/);
    for (const [user, ...expected] of [
      ['App', null, null, denied],
      ['Reader', null, denied, denied],
      ['State', null, denied, null],
      ['Migrate', null, null, null],
    ] as const) {
      const refusals = await Promise.all([read, write, writeState].map((sql) => refusal(secret(user), sql)));
      expect([user, ...refusals]).toEqual([user, ...expected]);
    }
    expect(await refusal(`${secret('App')}-of-nobody`, read)).not.toBeNull();
    client.destroy();
  });

  it('write no error line', () => {
    const lines = [aws.emulatorLog, aws.producer.logPath].flatMap((path) => readFileSync(path, 'utf8').split('\n'));
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  it('leave nothing running', async () => {
    const pids = [...aws.pids];
    expect(pids.every(isAlive)).toBe(true);
    await page.close();
    await aws.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  }, 60_000);
});
