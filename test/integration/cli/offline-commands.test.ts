import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIo } from '#cli/cli-io.ts';
import { checkProxies } from '#cli/doctor/proxy-check.ts';
import type { ConfigError } from '#config/config-error.ts';
import { loadConfig } from '#config/load.ts';
import { loadStage } from '#infra/load-stage.ts';
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import { cli } from '#test/support/cli.ts';
import { NOW_MS } from '#test/support/platform-rows.ts';

describe('cli without a platform', () => {
  let stateDir: string;
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), '3t-cli-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));
  const run = (...argv: string[]) => cli([...argv, '--state', stateDir]);

  it.each([
    ['status'],
    ['positions'],
    ['orders'],
    ['trades'],
    ['pnl'],
    ['why', 'BTC'],
    ['trace', 'abc'],
    ['lock', 'hyperliquid', '--reason', 'r'],
    ['unlock', 'hyperliquid', '--reason', 'r'],
    ['reconcile'],
    ['flatten', '--reason', 'r'],
    ['symbols', 'list'],
    ['symbols', 'add', 'BTC'],
    ['adopt', 'BTC', '--reason', 'r'],
    ['release', 'BTC', '--reason', 'r'],
  ])('exits 3 and says how to start: %s', async (...argv) => {
    const plain = await run(...argv);
    const json = await run(...argv, '--json');

    expect([plain.exitCode, plain.out, plain.err]).toEqual([3, '', expect.stringContaining('npm start')]);
    expect([json.exitCode, JSON.parse(json.err).error.code]).toEqual([3, 'not-running']);
  });

  it.each([
    ['an unknown command', ['nonsense']],
    ['an unknown option', ['status', '--colour']],
    ['a missing argument', ['why']],
    ['too many arguments', ['status', 'now']],
    ['a missing reason', ['lock', 'hyperliquid']],
    ['an empty reason', ['lock', 'hyperliquid', '--reason', '  ']],
    ['an unknown mode', ['lock', 'hyperliquid', '--reason', 'r', '--mode', 'gently']],
    ['a limit that is no number', ['orders', '--limit', 'many']],
    ['a limit out of range', ['orders', '--limit', '1001']],
    ['no command at all', []],
  ])('exits 2 for %s', async (_what, argv) => {
    const { exitCode, err } = await cli(argv);

    expect(exitCode).toBe(2);
    expect(err).not.toBe('');
  });

  it.each([[[]], [['status']], [['symbols', 'add']], [['config', 'check']], [['lock']], [['doctor']], [['logs']]])(
    'explains itself: %j --help',
    async (argv) => {
      const { exitCode, out } = await cli([...argv, '--help']);

      expect([exitCode, out]).toEqual([0, expect.stringContaining('Usage: 3t')]);
    },
  );

  it('warns of symbols whose margin cap is below the smallest order, in config check and in doctor', async () => {
    const small = ['--config', 'reconciliation_engine.max_margin_usage_percentage=0.01'];
    const { exitCode, out } = await run('config', 'check', '--equity', '693', ...small);

    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /warning BTC\/USDC:USDC: margin-cap allows 10\.66\d* .*by equity 693.*less than minimum_trade_threshold/,
    );
    expect((await run('doctor')).out).toMatch(/sizing +ok +every symbol can be opened at equity 15000/);
  });

  it('finds of a stage that is deployed what its synthesis finds', async () => {
    const { exitCode, out } = await run('config', 'check', '--stage', 'live', '--json');
    let found: readonly { readonly path: string }[] = [];
    try {
      loadStage('live');
    } catch (error) {
      found = (error as ConfigError).problems;
    }

    expect(exitCode).toBe(1);
    expect(found.map(({ path }) => path)).toContain('limits.max_daily_loss');
    expect(JSON.parse(out).problems).toEqual(found);
  });

  it('checks the settings and prints what the sizing can produce', async () => {
    const { exitCode, out } = await run('config', 'check');

    expect(exitCode).toBe(0);
    expect(out).toContain('the settings are valid');
    expect(out).toMatch(/SYMBOL +SMALLEST ORDER +VENUE MINIMUM +SMALLEST TRADE +LARGEST POSITION/);
    expect(out).toMatch(/BTC\/USDC:USDC +49\.75 +10\.00/);
  });

  it('fails settings whose smallest order the venue would refuse', async () => {
    const { exitCode, out } = await run(
      'config',
      'check',
      '--config',
      'reconciliation_engine.risk_pos_size=10.02',
      '--json',
    );

    expect(exitCode).toBe(1);
    const report = JSON.parse(out);
    expect(report.ok).toBe(false);
    expect(report.sizing[0]).toMatchObject({
      smallestOrderQuote: '9.9699',
      minNotionalQuote: '10',
      smallestOrderOk: false,
    });
  });

  it('computes with the equity that it is given', async () => {
    const share = [
      '--config',
      'reconciliation_engine.risk_pos_size=null',
      '--config',
      'reconciliation_engine.risk_pos_percentage=0.001',
    ];

    expect((await run('config', 'check', ...share, '--equity', '20000')).exitCode).toBe(0);
    expect((await run('config', 'check', ...share, '--equity', '2000')).exitCode).toBe(1);
    expect((await run('config', 'check', '--equity', '-1')).exitCode).toBe(2);
  });

  it('names everything that is wrong with the settings at once', async () => {
    const { exitCode, out } = await run(
      'config',
      'check',
      '--config',
      'quorum.quorum=99',
      '--config',
      'limits.max_levrage=3',
    );

    expect(exitCode).toBe(1);
    expect(out).toContain('quorum.quorum');
    expect(out).toContain('did you mean limits.max_leverage?');
    const nowhere = await run('config', 'check', '--stage', 'nowhere');
    expect([nowhere.exitCode, nowhere.out]).toEqual([
      1,
      expect.stringMatching(/a stage that has a file: dev, live, local/),
    ]);
    expect(nowhere.out).not.toContain('ENOENT');
  });

  it('lists every problem of the settings as a finding of its own', async () => {
    const { findings } = JSON.parse((await run('doctor', '--json', '--stage', 'live')).out);
    const problems = findings.filter((f: { check: string }) => f.check === 'config');

    expect(problems.length).toBeGreaterThan(1);
    expect(problems).toContainEqual({
      check: 'config',
      verdict: 'failed',
      detail: expect.stringMatching(/^exchanges\.hyperliquid\.live_acknowledgement = null/),
    });
  });

  it('asks for a deployed stage where only one has a price, and says where no log is', async () => {
    const cost = await run('cost');
    const logs = await run('logs');

    expect([cost.exitCode, cost.err]).toEqual([2, expect.stringContaining('--stage')]);
    expect(logs.err).toContain('nothing ran there yet');
  });

  it('finds a healthy installation before its first start', async () => {
    const { exitCode, out } = await run('doctor', '--json');
    const { findings } = JSON.parse(out);
    const verdict = (check: string) => findings.find((f: { check: string }) => f.check === check)?.verdict;

    expect(
      findings.filter((f: { check: string; verdict: string }) => f.verdict === 'failed' && f.check !== 'port'),
    ).toEqual([]);
    expect([verdict('database'), verdict('platform'), verdict('secrets')]).toEqual(['ok', 'warning', 'ok']);
    expect([0, 1]).toContain(exitCode);
  });

  it('misses no key on a stage that trades on paper, and pushes none', async () => {
    const checked = await run('doctor', '--json', '--stage', 'dev');
    const pushed = await cli(['secrets', 'push', '--stage', 'dev']);

    expect(JSON.parse(checked.out).findings).toContainEqual({
      check: 'secrets',
      verdict: 'ok',
      detail: 'none needed: kind paper',
    });
    const deployed = await cli(['doctor', '--json', '--stage', 'dev']);
    expect(JSON.parse(deployed.out).findings).toContainEqual({
      check: 'alarms',
      verdict: 'warning',
      detail: 'alarms are mailed to nobody: set aws.alarm_email and deploy',
    });
    expect([pushed.exitCode, pushed.err]).toEqual([2, expect.stringContaining('nobody signs')]);
    expect((await run('config', 'check', '--stage', 'dev')).out).toContain('paper.equity_quote');
  });

  it('fails a damaged database and names it', async () => {
    const path = join(stateDir, 'platform.sqlite');
    const db = await openSqlite({ path });
    await db.destroy();
    expect((await run('doctor')).out).toMatch(/database +ok/);

    writeFileSync(path, 'this is no database, and long enough to be looked at as one'.repeat(100));

    const { exitCode, out } = await run('doctor');
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/database +failed +.*platform\.sqlite/)]);
  });

  it('reads the log of a stopped platform, filtered, and counts torn lines', async () => {
    mkdirSync(join(stateDir, 'logs'));
    const line = (t: number, level: string, event: string, text: string) =>
      JSON.stringify({ t, at: new Date(t).toISOString(), level, event, text });
    writeFileSync(
      join(stateDir, 'logs', 'platform.jsonl'),
      [
        line(NOW_MS - 7_200_000, 'error', 'order.ended', 'old'),
        line(NOW_MS - 1_000, 'info', 'order.ended', 'new \u001b[31m'),
        line(NOW_MS, 'warn', 'feed.gap', 'hole'),
        '{"t":17',
      ].join('\n'),
    );

    expect((await run('logs')).out.split('\n')).toHaveLength(3);
    expect((await run('logs')).err).toContain('1 line(s) could not be read');
    expect((await run('logs', '--level', 'warn', '--since', '1h')).out).toContain('feed.gap text=hole');
    expect((await run('logs', '--event', 'order.', '--limit', '1')).out).toContain('text=new  [31m');
    expect(JSON.parse((await run('logs', '--contains', 'HOLE', '--json')).out)).toMatchObject({ event: 'feed.gap' });
  });
});

describe('doctor --proxy', () => {
  let server: Server;
  let reply: { status: number; body: string };
  const asked: { url: string | undefined; origin: string | undefined }[] = [];
  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push({ url: request.url, origin: request.headers.origin });
      response.writeHead(reply.status).end(reply.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));
  const check = async (httpUrl: string | null = 'https://venue.example', stateDir = '/nowhere') => {
    const { port } = server.address() as AddressInfo;
    const exchange = loadConfig({
      stage: 'local',
      overrides: [
        `exchanges.hyperliquid.proxy=[http://127.0.0.1:${port}]`,
        'exchanges.hyperliquid.origin=https://3t.example',
      ],
    }).config.exchanges.hyperliquid!;
    return checkProxies(processIo({}), { ...exchange, http_url: httpUrl }, stateDir);
  };

  it('asks the venue through the proxy with the configured Origin', async () => {
    reply = { status: 200, body: JSON.stringify({ universe: [{}, {}] }) };

    const [finding] = await check();

    expect(asked).toEqual([{ url: '/https://venue.example/info', origin: 'https://3t.example' }]);
    expect(finding).toMatchObject({ verdict: 'warning', detail: expect.stringContaining('2 markets') });
  });

  it('asks the running simulator where the venue has no address of its own, and no other venue in its place', async () => {
    reply = { status: 200, body: JSON.stringify({ universe: [] }) };
    const dir = mkdtempSync(join(tmpdir(), '3t-proxy-'));

    const [notRunning] = await check(null, dir);
    expect(notRunning).toMatchObject({ verdict: 'warning', detail: expect.stringContaining('start 3T first') });
    expect(asked).toEqual([]);

    writeFileSync(join(dir, 'simulator.json'), '{"httpUrl":"http://127.0.0.1:1234"}');
    await check(null, dir);
    expect(asked.map(({ url }) => url)).toEqual(['/http://127.0.0.1:1234/info']);
    rmSync(dir, { recursive: true });
  });

  it.each([
    [403, 'no', 'HTTP 403'],
    [200, '<html>', 'not JSON'],
    [200, '{}', 'not the market list'],
  ])('fails a proxy that answers %i %j', async (status, body, detail) => {
    reply = { status, body };

    expect(await check()).toMatchObject([{ verdict: 'failed', detail: expect.stringContaining(detail) }]);
  });
});
