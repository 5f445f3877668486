import { beforeEach, describe, expect, it } from 'vitest';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { type ApiUnderTest, apiUnderTest, bodyOf } from '#test/support/api.ts';
import { EXCHANGE, NOW_MS, seedPlatform } from '#test/support/platform-rows.ts';
import { ACCOUNT } from '#test/support/system.ts';

const HEARTBEATS = ['balance', 'market-data', 'run-supervisor', 'reconciliation'];

describe('readiness', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
    const jobs = sqlJobStateRepository(api.db, EXCHANGE);
    for (const job of HEARTBEATS) await jobs.recordOk(job, NOW_MS - 10_000);
  });
  const json = async (path: string) => bodyOf(await api.get(path));
  /** Past what was remembered. */
  const ready = async () => {
    api.clock.set(api.clock.nowMs() + 5_000);
    const response = await api.get('/ready');
    return { status: response.status, body: await bodyOf(response) };
  };
  const problems = (body: { checks: { problem: string | null }[] }) =>
    body.checks.flatMap(({ problem }) => problem ?? []);

  it('needs HEALTHY, an account, prices and every job at work', async () => {
    expect(await ready()).toMatchObject({ status: 200, body: { ready: true, state: 'HEALTHY', missing: [] } });
  });

  it('is missing while the venue refuses the trading key, until it is good again', async () => {
    const jobs = sqlJobStateRepository(api.db, EXCHANGE);
    const job = SYSTEM_JOBS.tradingKey(ACCOUNT);
    await jobs.recordError(job, NOW_MS, '0xab is no agent of any account');
    const { status, body } = await ready();
    const expected = ['the trading key may not sign: 0xab is no agent of any account'];
    expect([status, problems(body)]).toEqual([503, expected]);
    await jobs.recordOk(job, NOW_MS);
    expect(problems((await ready()).body)).not.toContain(expected[0]);
  });

  it('is missing in another state', async () => {
    await api.db.updateTable('system_state').set({ state: 'RECONCILING' }).execute();

    const { status, body } = await ready();

    expect([status, body.state, problems(body)]).toEqual([503, 'RECONCILING', ['state is RECONCILING']]);
    expect((await api.get('/health')).status, 'alive all the same').toBe(200);
  });

  it('is missing when everything stopped, however HEALTHY the state says that it is', async () => {
    api.clock.set(NOW_MS + 300_000);

    const { status, body } = await ready();

    expect([status, body.state]).toEqual([503, 'HEALTHY']);
    expect(problems(body)).toEqual([
      'the account is 308 s old',
      'the newest price is 306 s old, the newest mark price 314 s: nothing is opened on it',
      'balance succeeded 315 s ago; market-data succeeded 315 s ago; run-supervisor succeeded 315 s ago',
    ]);
  });

  it('is missing when a job never succeeded or the account was read in part', async () => {
    await api.db.deleteFrom('exchange_jobs').where('job', '=', 'reconciliation').execute();
    await api.db.updateTable('account_snapshots').set({ complete: 0 }).execute();

    expect(problems((await ready()).body)).toEqual(['the account was read in part', 'reconciliation never succeeded']);
  });

  it('is missing while a job succeeds in part, and status says which part', async () => {
    const jobs = sqlJobStateRepository(api.db, EXCHANGE);
    await jobs.recordOk('order-tracker', NOW_MS, { partly: 'fills: ETH/USDC:USDC cannot be read' });

    const { status, body } = await ready();
    expect(status).toBe(503);
    expect(problems(body)).toEqual(['order-tracker succeeded in part: fills: ETH/USDC:USDC cannot be read']);
  });

  it('is missing while the account’s money is in doubt; status then shows the last believed equity with its age', async () => {
    const { exchange, account, venue_time_ms } = await api.db
      .selectFrom('account_snapshots')
      .select(['exchange', 'account', 'venue_time_ms'])
      .executeTakeFirstOrThrow();
    const amounts = {
      marginUsedQuote: '1',
      maintenanceMarginQuote: '1',
      withdrawableQuote: '1',
      netTransfersQuote: '0',
    };
    const believed = { ...amounts, venueTimeMs: NOW_MS - 90_000, equityQuote: '14999', mode: null, positions: [] };
    const doubt = { code: 'money-contradicts', message: 'equity does not follow', numbers: { equityQuote: '0' } };
    const believed_json = JSON.stringify(believed);
    const row = { exchange, account, venue_time_ms, mode: null, believed_json, doubt_json: JSON.stringify(doubt) };
    await api.db.insertInto('account_money').values(row).execute();

    expect(problems((await ready()).body)).toEqual(['money-contradicts: equity does not follow']);
    const body = await json('/api/status');
    expect(body.money).toMatchObject({
      equityQuote: '14999',
      equityAgeMs: 95_000,
      doubt: { code: 'money-contradicts' },
    });
    const text = await (await api.get('/metrics')).text();
    expect(text).not.toContain('account_balance_value');
  });

  it('is read once for all who ask within five seconds, and again after a failure', async () => {
    let reads = 0;
    let fails = true;
    const { readModel } = api.deps;
    const counting = await apiUnderTest({
      readModel: {
        ...readModel,
        overview: async (...args) => {
          reads += 1;
          if (fails) throw new Error('no database');
          return readModel.overview(...args);
        },
        orders: readModel.orders,
      },
    });
    const ask = async () => (await counting.get('/ready')).status;

    expect(await ask()).toBe(500);
    fails = false;
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([200, 200, 200]);
    counting.clock.set(NOW_MS + 4_999);
    expect([await ask(), reads]).toEqual([200, 2]);
    counting.clock.set(NOW_MS + 5_000);
    expect([await ask(), reads]).toEqual([200, 3]);
    await counting.db.destroy();
  });
});
