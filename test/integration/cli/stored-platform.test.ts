import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { cli } from '#test/support/cli.ts';
import { NOW_MS, ORDER_ID, seedPlatform } from '#test/support/platform-rows.ts';

describe('cli on the database of a platform that has stopped', () => {
  let stateDir: string;
  let db: Db;
  beforeEach(async () => {
    stateDir = mkdtempSync(join(tmpdir(), '3t-stored-'));
    db = await openSqlite({ path: join(stateDir, 'platform.sqlite') });
    await seedPlatform(db);
    await sqlJobStateRepository(db, 'hyperliquid').recordOk('balance', NOW_MS - 600_000);
    await db.destroy();
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));
  const run = (...argv: string[]) => cli([...argv, '--state', stateDir]);
  const write = async (act: (open: Db) => Promise<unknown>) => {
    const open = await openSqlite({ path: join(stateDir, 'platform.sqlite') });
    await act(open);
    await open.destroy();
  };

  it.each([
    ['positions', [], 'BTC/USDC:USDC'],
    ['orders', [], ORDER_ID],
    ['trades', [], '29990'],
    ['pnl', [], 'realised 1.25'],
    ['why', ['BTC'], 'desired 0.002, actual 0'],
    ['trace', [ORDER_ID], 'fill'],
  ])('answers %s from it, and says so and its age', async (verb, args, expected) => {
    const before = statSync(join(stateDir, 'platform.sqlite'));
    const { exitCode, out, err } = await run(verb, ...args);
    const json = await run(verb, ...args, '--json');

    expect(exitCode).toBe(0);
    expect(out).toContain(expected);
    expect(err).toBe(
      `3T is not running: this is what ${stateDir}/platform.sqlite holds, last written at 2023-11-14 22:03:20 UTC, 10 min ago`,
    );
    expect(JSON.parse(json.out).stored).toEqual({
      path: `${stateDir}/platform.sqlite`,
      lastAtMs: NOW_MS - 600_000,
      ageMs: 600_000,
      replay: false,
    });
    expect(json.err).toBe('');
    expect(statSync(join(stateDir, 'platform.sqlite')).mtimeMs).toBe(before.mtimeMs);
  });

  it('shows a status that nobody can take for a running one, and still exits 3', async () => {
    const { exitCode, out, err } = await run('status');

    expect(exitCode).toBe(3);
    expect(out).toContain('hyperliquid  NOT RUNNING, last HEALTHY');
    expect(out).toContain('not ready, heartbeats');
    expect(out).toContain('equity 10010.50');
    expect(err).toContain('3T is not running');
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ readiness: { ready: false } });
  });

  it('counts the ages of a finished replay from its end', async () => {
    writeFileSync(join(stateDir, 'replay.json'), '{}');
    await write((open) => sqlJobStateRepository(open, 'hyperliquid').recordOk('balance', NOW_MS));

    const { out } = await cli(['positions', '--json', '--state', stateDir], { nowMs: () => NOW_MS + 9e9 });

    const { nowMs, stored, money } = JSON.parse(out);
    expect([nowMs, stored.replay, money.ageMs]).toEqual([NOW_MS, true, 3_000]);
  });

  it('takes a decision id in why and trace, and tells the time of the decision', async () => {
    const why = await run('why', 'BTC-0');
    const trace = await run('trace', 'BTC-0');

    expect(why.out).toContain('BTC/USDC:USDC  2023-11-14 22:12:20 UTC');
    expect(why.out).toContain('decision BTC-0 of 2023-11-14 22:12:20 UTC');
    expect(why.out).toContain('refusal no-quorum');
    expect(trace.out).toContain('chain corr');
    expect(trace.out).toMatch(/2023-11-14 22:12:20.*decision/);
    expect((await run('why', 'nothing')).err).toContain('no managed symbol, order id or decision id');
  });

  it('pages trades, takes them between two times, and gives all of them as CSV', async () => {
    await write(async (open) => {
      const [row] = await open.selectFrom('fills').selectAll().execute();
      const more = Array.from({ length: 1_204 }, (_, i) => ({
        ...row!,
        trade_id: `t${i}`,
        venue_time_ms: NOW_MS - i * 1_000,
      }));
      for (const part of [more.slice(0, 600), more.slice(600)]) await open.insertInto('fills').values(part).execute();
    });
    const json = async (...argv: string[]) => JSON.parse((await run('trades', ...argv, '--json')).out).trades;
    const idsOf = (rows: { tradeId: string }[]) => rows.map((row) => row.tradeId);

    expect(idsOf(await json('--limit', '2'))).toEqual(['t0', 't1']);
    expect(idsOf(await json('--limit', '2', '--offset', '2'))).toEqual(['t2', 't3']);
    expect((await run('trades', '--limit', '2')).out).toContain('more: --offset 2');
    const [from, to] = [NOW_MS - 3_000, NOW_MS - 2_000].map((atMs) => new Date(atMs).toISOString());
    expect(idsOf(await json('--from', from!, '--to', to!))).toEqual(['t2', 't3']);
    const csv = (await run('trades', '--csv')).out.split('\r\n');
    expect(csv).toHaveLength(1 + 1_205);
    expect(csv[0]).toBe(
      'time_utc,time_ms,symbol,side,size,price,fee_quote,closed_pnl_quote,ours,liquidation,trade_id,client_order_id,venue_order_id,fee,fee_currency',
    );
    expect(csv[1]).toBe(
      `2023-11-14T22:13:20.000Z,${NOW_MS},BTC/USDC:USDC,buy,0.002,29990,0.027,1.25,true,false,t0,${ORDER_ID},77,,`,
    );
    expect((await run('trades', '--csv', '--to', to!, '--limit', '1')).out.split('\r\n')).toHaveLength(2);
  });

  it('refuses a database of another release with a sentence', async () => {
    await write((open) => open.schema.dropTable('position_epochs').execute());
    expect(await run('positions')).toMatchObject({ exitCode: 1, err: expect.stringContaining('cannot be read') });
    writeFileSync(join(stateDir, 'platform.sqlite'), 'no database');

    expect(await run('trades')).toMatchObject({ exitCode: 1, err: expect.stringContaining('file is not a database') });
  });
});
