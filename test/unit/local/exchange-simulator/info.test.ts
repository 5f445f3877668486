import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { marketSpecs } from '#local/exchange-simulator/market-specs.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { MAIN, SimulatorClient } from '#test/support/simulator-client.ts';

const simulator = new ExchangeSimulator({ historyMinutes: 6_000, markets: marketSpecs(2) });
simulator.advance(simulator.nowMs() + 2_000);
const client = new SimulatorClient(simulator);
const number = expect.stringMatching(/^-?\d+\.\d+$/);

describe('/info', () => {
  it('lists native and synthetic coins by index, and the dex with its own prefix', () => {
    const names = (dex?: string) => client.info({ type: 'meta', dex }).universe.map((m: { name: string }) => m.name);
    expect(names()).toEqual(['BTC', 'ETH', 'SOL', 'HYPE', 'ZEC', 'APT', 'SYN001', 'SYN002']);
    expect(names('xyz')).toEqual(['xyz:INTC', 'xyz:CL']);
    const dexes = client.info({ type: 'perpDexs' });
    expect(dexes[0]).toBeNull();
    expect(dexes[1]).toMatchObject({ name: 'xyz', fullName: 'XYZ' });
  });

  it('gives contexts in the order of the universe', () => {
    const [meta, contexts] = client.info({ type: 'metaAndAssetCtxs' });
    expect(contexts).toHaveLength(meta.universe.length);
    expect(contexts[0]).toMatchObject({ markPx: number, midPx: number, oraclePx: number, prevDayPx: number });
  });

  it('gives the account as the venue does', () => {
    expect(client.info({ type: 'clearinghouseState', user: MAIN.toUpperCase().replace('0X', '0x') })).toEqual({
      marginSummary: { accountValue: '10000.0', totalNtlPos: '0.0', totalRawUsd: '10000.0', totalMarginUsed: '0.0' },
      crossMarginSummary: {
        accountValue: '10000.0',
        totalNtlPos: '0.0',
        totalRawUsd: '10000.0',
        totalMarginUsed: '0.0',
      },
      crossMaintenanceMarginUsed: '0.0',
      withdrawable: '10000.0',
      assetPositions: [],
      time: simulator.nowMs(),
    });
  });

  it('shows an empty account for an agent address, as the venue does', () => {
    const state = client.info({ type: 'clearinghouseState', user: TEST_SIGNERS.mainAgent.address });
    expect(state.marginSummary.accountValue).toBe('0.0');
  });

  it('gives at most 5000 candles, the newest ones, contiguous and consistent', () => {
    const req = { coin: 'BTC', interval: '1m', startTime: 0, endTime: simulator.nowMs() };
    const candles = client.info({ type: 'candleSnapshot', req });
    expect(candles).toHaveLength(5_000);
    for (const [i, c] of candles.entries()) {
      if (i > 0) expect(c.t - candles[i - 1].t).toBe(60_000);
      expect(Number(c.h)).toBeGreaterThanOrEqual(Math.max(Number(c.o), Number(c.c)));
      expect(Number(c.l)).toBeLessThanOrEqual(Math.min(Number(c.o), Number(c.c)));
    }
    const hours = client.info({ type: 'candleSnapshot', req: { ...req, interval: '1h' } });
    const inFirst = candles.filter((c: { t: number }) => c.t >= hours[50].t && c.t <= hours[50].T);
    expect(Number(hours[50].h)).toBe(Math.max(...inFirst.map((c: { h: string }) => Number(c.h))));
  });

  it('shows 20 levels a side, sorted', () => {
    const { levels, time } = client.info({ type: 'l2Book', coin: 'SOL' });
    expect([levels[0].length, levels[1].length, time]).toEqual([20, 20, simulator.nowMs()]);
    expect(Number(levels[0][0].px)).toBeLessThan(Number(levels[1][0].px));
    expect(levels[0][0]).toEqual({ px: number, sz: number, n: expect.any(Number) });
  });

  it('keeps deposits and withdrawals apart from funding', () => {
    const updates = client.info({ type: 'userNonFundingLedgerUpdates', user: MAIN, startTime: 0 });
    expect(updates.map((u: { delta: unknown }) => u.delta)).toEqual([
      { type: 'deposit', usdc: '10000.0' },
      { type: 'deposit', usdc: '5000.0' },
    ]);
  });

  it.each([
    ['no JSON', '{'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"x"}'],
    ['no user', '{"type":"clearinghouseState"}'],
    ['an array', '[]'],
  ])('answers 422 to %s', (_, body) => {
    expect(simulator.handle({ path: '/info', body })).toMatchObject({ status: 422 });
    expect(simulator.handle({ path: '/exchange', body })).toMatchObject({ status: 422 });
  });
});
