import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { cloidOf, MAIN, SimulatorClient } from '#test/support/simulator-client.ts';

const HOUR_MS = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'simulator-user-info-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function prepare(options: ConstructorParameters<typeof ExchangeSimulator>[0] = {}) {
  const simulator = new ExchangeSimulator({ historyMinutes: 5, ticksPerSecond: 0.05, ...options });
  simulator.advance(simulator.nowMs() + 60_000);
  const client = new SimulatorClient(simulator);
  const user = (type: string, more: Record<string, unknown> = {}) => client.info({ type, user: MAIN, ...more });
  const buy = (sz: string, more: Record<string, unknown> = {}) =>
    client.order({ px: String(Math.round(client.mid('BTC') * 1.02)), sz, ...more });
  return { simulator, client, user, buy };
}
type Fill = { px: string; sz: string; fee: string; oid: number; time: number; hash: string };
const notional = (fills: readonly Fill[]) => fills.reduce((sum, fill) => sum + Number(fill.px) * Number(fill.sz), 0);

describe('what the venue knows of a user', () => {
  it('tells rates that are the charged ones, and the volumes of the last days', () => {
    const { user, buy } = prepare();
    buy('0.1');
    const fees = user('userFees');
    const [fill] = user('userFills');
    expect(Number(fill.fee)).toBeCloseTo(Number(fill.px) * Number(fill.sz) * Number(fees.userCrossRate), 5);
    expect(fees.dailyUserVlm).toHaveLength(15);
    const today = fees.dailyUserVlm.at(-1);
    expect(today.date).toBe(new Date(fill.time).toISOString().slice(0, 10));
    expect(Number(today.userCross)).toBeCloseTo(notional(user('userFills')), 5);
    expect(Number(today.exchange)).toBeGreaterThan(0);
  });

  it('counts every order and cancel, and a request more for each USD traded', () => {
    const { client, user, buy } = prepare();
    buy('0.1');
    const cancels = [1, 2, 3].map((n) => ({ asset: 0, cloid: cloidOf(n) }));
    client.exchange({ type: 'cancelByCloid', cancels });
    const traded = notional(user('userFills'));
    const limit = user('userRateLimit');
    expect(limit).toMatchObject({ nRequestsUsed: 4, nRequestsCap: 10_000 + Math.floor(traded), nRequestsSurplus: 0 });
    expect(Number(limit.cumVlm)).toBeCloseTo(traded, 5);
  });

  it('knows who is a user, whose agent somebody is, and who is nobody', () => {
    const { user, simulator } = prepare();
    const agent = TEST_SIGNERS.mainAgent.address;
    expect(user('userRole')).toEqual({ role: 'user' });
    expect(user('userRole', { user: agent })).toEqual({ role: 'agent', data: { user: MAIN } });
    expect(user('userRole', { user: TEST_SIGNERS.stranger.address })).toEqual({ role: 'missing' });
    expect(user('extraAgents')).toEqual([{ name: 'main-1', address: agent, validUntil: null }]);
    expect(user('subAccounts')).toBeNull();
    simulator.installFaults([{ id: 'dead', kind: 'dead-agent' }]);
    expect([user('userRole', { user: agent }), user('extraAgents')]).toEqual([{ role: 'missing' }, []]);
  });

  it('says how much may still be bought and sold: as much as it then takes', () => {
    const { client, user, buy } = prepare();
    const data = user('activeAssetData', { coin: 'BTC' });
    expect(data).toMatchObject({ user: MAIN, coin: 'BTC', leverage: { type: 'cross', value: 20 } });
    expect(data.availableToTrade).toEqual(['10000.0', '10000.0']);
    expect(Number(data.maxTradeSzs[0])).toBeCloseTo((10_000 * 20) / Number(data.markPx), 4);
    buy('0.5');
    const held = user('activeAssetData', { coin: 'BTC' });
    expect(Number(held.availableToTrade[1])).toBeGreaterThan(Number(held.availableToTrade[0]));
    const most = held.maxTradeSzs[0];
    const more = (Number(most) * 1.02).toFixed(5);
    expect(buy(more)).toEqual({ error: 'Insufficient margin to place order. asset=0' });
    expect(buy(most)).toHaveProperty('filled');
    expect(client.info({ type: 'activeAssetData', user: MAIN, coin: 'NOPE' })).toBeNull();
  });

  it('keeps the value of the account each hour, also over a restart', () => {
    const statePath = join(folder, 'portfolio.sqlite');
    const { simulator, user, buy } = prepare({ statePath });
    buy('0.5');
    simulator.advance(simulator.nowMs() + 30 * HOUR_MS);
    const read = (of: typeof user) =>
      Object.fromEntries(
        of('portfolio') as [
          string,
          { accountValueHistory: [number, string][]; pnlHistory: [number, string][]; vlm: string },
        ][],
      );
    const before = read(user);
    expect(Object.keys(before)).toEqual([
      'day',
      'week',
      'month',
      'allTime',
      'perpDay',
      'perpWeek',
      'perpMonth',
      'perpAllTime',
    ]);
    expect(before.day!.accountValueHistory).toHaveLength(25);
    expect(before.allTime!.accountValueHistory.length).toBeGreaterThanOrEqual(31);
    const [, latest] = before.allTime!.pnlHistory.at(-1)!;
    const states = ['', 'xyz'].map((dex) => user('clearinghouseState', { dex }));
    const value = states.reduce((sum, state) => sum + Number(state.marginSummary.accountValue), 0);
    expect(Number(latest)).toBeCloseTo(value - 15_000, 5);
    expect(before.day!.pnlHistory[0]![1]).toBe('0.0');
    expect([before.day!.vlm, Number(before.allTime!.vlm)]).toEqual([
      '0.0',
      expect.closeTo(notional(user('userFills')), 5),
    ]);
    simulator.close();
    const again = new SimulatorClient(new ExchangeSimulator({ statePath, ticksPerSecond: 0.05 }));
    expect(read((type) => again.info({ type, user: MAIN }))).toEqual(before);
    again.simulator.close();
  });
});

describe('the history of orders', () => {
  it('has a row for each status: open, then how it ended; a refused order was never open', () => {
    const { client, user } = prepare();
    client.order({ px: '50000', sz: '0.01', tif: 'Gtc', cloid: cloidOf(1) });
    client.exchange({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: cloidOf(1) }] });
    client.order({ px: '60000.5', sz: '0.01' });
    client.order({ px: '50000', sz: '0.02', tif: 'Gtc' });
    const rows = user('historicalOrders').map((row: { status: string; order: { origSz: string } }) => [
      row.order.origSz,
      row.status,
    ]);
    expect(rows).toEqual([
      ['0.02', 'open'],
      ['0.01', 'tickRejected'],
      ['0.01', 'canceled'],
      ['0.01', 'open'],
    ]);
  });
});

describe('aggregateByTime', () => {
  it('puts the fills of one order together, in both readings', () => {
    const { user, buy } = prepare();
    buy('1.5');
    const fills: Fill[] = user('userFills');
    expect(fills.length).toBeGreaterThan(1);
    const [whole, ...others] = user('userFills', { aggregateByTime: true });
    expect(others).toEqual([]);
    expect(whole).toMatchObject({ sz: '1.5', startPosition: '0.0', oid: fills[0]!.oid, hash: fills[0]!.hash });
    expect(Number(whole.px) * 1.5).toBeCloseTo(notional(fills), 1);
    expect(Number(whole.fee)).toBeCloseTo(
      fills.reduce((sum, fill) => sum + Number(fill.fee), 0),
      6,
    );
    expect(user('userFillsByTime', { startTime: 0, aggregateByTime: true })).toEqual([whole]);
    expect(user('userFillsByTime', { startTime: 0, reversed: true })).toEqual(fills);
  });
});
