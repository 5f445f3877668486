import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { platformSnapshotSchema } from '#shared/messages/platform-snapshot.ts';
import { cli, type RunningPlatform, runningPlatform } from '#test/support/cli.ts';
import { EXCHANGE, ORDER_ID } from '#test/support/platform-rows.ts';

describe('cli against a running platform', () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await runningPlatform();
  });
  afterAll(() => platform.stop());
  const run = (...argv: string[]) => platform.run(...argv);
  const json = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).out);

  it('shows state, money and counts, and exits 0 while HEALTHY', async () => {
    const { exitCode, out } = await run('status');

    expect(exitCode).toBe(0);
    expect(out).toContain('hyperliquid  HEALTHY');
    expect(out).toContain('equity 10010.50, margin used 6.00 (3.0 s old), unrealised 0.04 (3.0 s old)');
    expect(out).toContain('2 positions, 0 working orders, 2 runs, 0 holds');
    expect(platformSnapshotSchema.parse(await json('status')).system?.state).toBe('HEALTHY');
  });

  it('tells which alerts the last day had, the newest first', async () => {
    const { db, clock } = platform.api;
    const raise = (kind: string, symbol: string | null, atMs: number) =>
      sqlAlerts(db, { ...clock, nowMs: () => atMs }).raise({
        id: kind,
        kind,
        severity: 'warning',
        exchange: EXCHANGE,
        symbol,
        message: `what ${kind} means`,
        detail: {},
      });
    const nowMs = clock.nowMs();
    await raise('foreign-writer', null, nowMs - 25 * 3_600_000);
    await raise('order-unresolved', 'BTC/USDC:USDC', nowMs - 120_000);
    await raise('sources-dissent', null, nowMs - 90_000);
    await raise('sources-dissent', null, nowMs - 60_000);

    const { out } = await run('status');

    expect(out.split('\n').filter((line) => line.startsWith('alert '))).toEqual([
      'alert sources-dissent 60 s ago, 2 times: what sources-dissent means',
      expect.stringMatching(/^alert order-unresolved BTC\/USDC:USDC .* ago: what order-unresolved means$/),
    ]);
    await db.deleteFrom('alerts').execute();
  });

  it('ends an order that the tracker has given up on, and says why when it may not', async () => {
    const { db } = platform.api;
    const given = { status: 'open', error_code: 'accepted-but-invisible' };
    await db.updateTable('order_execution_log').set(given).where('client_order_id', '=', ORDER_ID).execute();
    const resolve = (filled: string) =>
      run('orders', 'resolve', ORDER_ID, '--filled', filled, '--reason', 'seen there');

    expect(await resolve('1000')).toMatchObject({ exitCode: 1, err: expect.stringContaining('more than the order') });
    expect(await resolve('all')).toMatchObject({ exitCode: 0, out: expect.stringContaining('counts as filled') });
    expect((await run('why', ORDER_ID)).out).toContain('ended-by-hand: cli:');
  });

  it('lists positions with desired, actual, ages and the last decision, aligned', async () => {
    const { out } = await run('positions');
    const [header, btc] = out.split('\n');

    expect(btc).toContain('BTC/USDC:USDC');
    expect(btc).toContain('open, 50 s ago: buy 0.002');
    expect(btc!.indexOf('30000') + '30000'.length).toBe(header!.indexOf('PRICE') + 'PRICE'.length);
    expect(out).toContain('not managed, not touched:');
    expect((await json('positions')).positions).toHaveLength(2);
  });

  it.each([
    [['orders'], ORDER_ID],
    [['orders', '--symbol', 'btc', '--limit', '1'], 'filled'],
    [['orders', '--working'], '(none)'],
    [['trades'], '29990'],
    [['pnl'], 'all fills: realised 1.25, fees 0.03; unrealised now 0.04'],
    [['symbols', 'list'], 'BTC/USDC:USDC'],
  ])('prints %j', async (argv, expected) => {
    const { exitCode, out } = await run(...argv);

    expect([exitCode, out]).toEqual([0, expect.stringContaining(expected)]);
    expect(typeof (await json(...argv))).toBe('object');
  });

  it('explains a symbol and an order in the same words', async () => {
    for (const subject of ['btc', 'BTC/USDC:USDC', ORDER_ID]) {
      const { exitCode, out } = await run('why', subject);

      expect(exitCode).toBe(0);
      expect(out).toContain('decision BTC-1');
      expect(out).toContain('  direction 3 × 20.25 quote ÷ 30000 = 0.002');
      expect(out).toContain(`  ${ORDER_ID}: buy 0.002`);
    }
  });

  it('traces a chain from its tick to its fills', async () => {
    const { exitCode, out } = await run('trace', 'corr');

    expect([exitCode, out]).toEqual([
      0,
      expect.stringMatching(/chain corr\n(.*\n)*.*\+0 ms +born.*\n(.*\n)*.*intent.*\n(.*\n)*.*sent/),
    ]);
    expect(out).toMatch(/fill +BTC\/USDC:USDC +buy 0\.002 at 29990/);
    expect((await json('trace', ORDER_ID)).correlationId).toBe('corr');
    expect((await run('trace', 'nonsense')).exitCode).toBe(1);
  });

  it('locks, shows it, unlocks and is refused while reconciling, with who did it', async () => {
    const locked = await run('lock', EXCHANGE, '--reason', 'odd fills', '--mode', 'freeze');
    expect([locked.exitCode, locked.out]).toEqual([0, 'hyperliquid is now LOCKED (freeze): odd fills']);
    expect((await run('status')).exitCode, 'not HEALTHY is a failed check').toBe(1);

    expect((await run('unlock', EXCHANGE, '--reason', 'all clear', '--version', '1')).exitCode).toBe(1);
    const unlocked = await run('unlock', EXCHANGE, '--reason', 'all clear');
    expect([unlocked.exitCode, unlocked.out]).toEqual([0, 'hyperliquid is now RECONCILING: all clear']);

    const refused = await run('unlock', EXCHANGE, '--reason', 'again');
    expect([refused.exitCode, refused.err]).toEqual([1, expect.stringContaining('its state is RECONCILING')]);
    expect(await platform.api.deps.systemState.read(EXCHANGE)).toMatchObject({ changedBy: 'cli:ada' });
  });

  it('refuses another exchange', async () => {
    const { exitCode, err } = await run('lock', 'binance', '--reason', 'r', '--json');

    expect(exitCode).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'unknown-exchange' } });
  });

  it('asks for reconciliations, edits symbols and ends holds', async () => {
    expect((await run('reconcile')).out).toContain('asked to reconcile all symbols');
    expect((await run('reconcile', 'c0')).out).toContain('C0/USDC:USDC');
    expect((await run('symbols', 'remove', 'C0')).out).toContain('is being closed');
    expect((await run('symbols', 'remove', 'C0')).exitCode).toBe(1);
    expect((await run('symbols', 'add', 'C0', '--leverage', '3')).out).toBe('C0/USDC:USDC is managed');
    expect((await run('release', 'C0', '--reason', 'mine')).out).toContain('is yours');
    expect((await run('adopt', 'C0', '--reason', 'back')).out).toContain('goes on from the position');
    expect((await run('flatten', 'C0', '--reason', 'enough')).out).toContain('3t symbols add C0/USDC:USDC');
    expect((await run('flatten', '--reason', 'enough')).out).toBe('hyperliquid is now LOCKED (flatten): enough');
  });

  it('prints colours only on a terminal, never in JSON', async () => {
    const argv = ['status', '--state', platform.stateDir];
    const csi = '\u001b[';

    expect((await cli(argv, { color: true })).out).toContain(csi);
    expect((await cli(argv)).out).not.toContain(csi);
    expect((await cli([...argv, '--json'], { color: true })).out).not.toContain(csi);
  });

  it('does not let stored words drive the terminal', async () => {
    await platform.api.db
      .updateTable('decisions')
      .set({ message: 'evil\u001b[2Jtext' })
      .where('id', '=', 'BTC-1')
      .execute();

    expect((await run('positions')).out).toContain('evil [2Jtext');
    expect((await run('why', 'btc')).out).not.toContain('\u001b');
  });

  it('reports a platform whose token is another one as a refusal', async () => {
    platform.mark({ pid: process.pid, port: platform.port, token: 'old-token', startedAtMs: 1 });

    const { exitCode, err } = await run('lock', EXCHANGE, '--reason', 'r');

    expect([exitCode, err]).toEqual([1, expect.stringContaining('token')]);
    expect(err).not.toContain('old-token');
  });

  it.each([
    ['a mark that is cut off', '{"pid":'],
    ['a mark without port', { pid: process.pid, token: 'x', startedAtMs: 1 }],
    ['a mark of a dead process', { pid: 2 ** 22 + 1, port: 1, token: 'x', startedAtMs: 1 }],
    ['a port where nothing listens', { pid: process.pid, port: 1, token: 'x', startedAtMs: 1 }],
  ])('exits 3 for %s', async (_what, mark) => {
    platform.mark(mark);

    const { exitCode, err } = await run('status');

    expect([exitCode, err]).toEqual([3, expect.stringContaining('3T is not running')]);
  });
});
