import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { marketSpecs } from '#local/exchange-simulator/wire/hyperliquid/market-specs.ts';
import { MAIN, SimulatorClient } from '#test/support/simulator-client.ts';

const simulator = new ExchangeSimulator({ historyMinutes: 6_000, markets: marketSpecs(2) });
simulator.advance(simulator.nowMs() + 2_000);
const client = new SimulatorClient(simulator);
const DAY_MS = 86_400_000;
type Candle = Record<'t' | 'T' | 'n', number> & Record<'o' | 'h' | 'l' | 'c' | 'v' | 'i', string>;
const candles = (interval: string): Candle[] =>
  client.info({ type: 'candleSnapshot', req: { coin: 'BTC', interval, startTime: 0 } });
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

  it.each([
    ['3d', 3 * DAY_MS],
    ['1w', 7 * DAY_MS],
  ])('puts daily bars together to %s, from days since 1970', (interval, lengthMs) => {
    const [bars, days] = [candles(interval), candles('1d')];
    for (const bar of bars) {
      expect([bar.t % lengthMs, bar.T]).toEqual([0, bar.t + lengthMs - 1]);
      const own = days.filter((day) => day.t >= bar.t && day.t <= bar.T);
      expect([bar.o, bar.c, bar.n]).toEqual([own[0]!.o, own.at(-1)!.c, own.reduce((sum, day) => sum + day.n, 0)]);
      expect(Number(bar.h)).toBe(Math.max(...own.map((day) => Number(day.h))));
    }
    expect(bars.length).toBeGreaterThan(0);
  });

  it('begins a month on its first day', () => {
    const [month] = candles('1M');
    expect(month).toMatchObject({ t: Date.UTC(2023, 10), T: Date.UTC(2023, 11) - 1, i: '1M' });
  });

  it('gives a day volume and a previous price that are those of its candles', () => {
    const [{ universe }, contexts] = client.info({ type: 'metaAndAssetCtxs' });
    const context = contexts[universe.findIndex((m: { name: string }) => m.name === 'BTC')];
    const day = candles('1m').slice(-1_440);
    const before = candles('1m').findLast((bar) => bar.t < day[0]!.t);
    const base = day.reduce((sum, bar) => sum + Number(bar.v), 0);
    expect(Number(context.dayBaseVlm)).toBeCloseTo(base, 3);
    expect(context.prevDayPx).toBe(before!.c);
    const prices = day.flatMap((bar) => [Number(bar.l), Number(bar.h)]);
    expect(Number(context.dayNtlVlm)).toBeGreaterThan(base * Math.min(...prices));
    expect(Number(context.dayNtlVlm)).toBeLessThan(base * Math.max(...prices));
  });

  it('gives the funding rates of past hours, at most 500', () => {
    const startTime = simulator.nowMs() - 3 * 3_600_000;
    const rows = client.info({ type: 'fundingHistory', coin: 'BTC', startTime });
    expect(rows.map((row: { time: number }) => row.time % 3_600_000)).toEqual([0, 0, 0]);
    expect(rows[0]).toMatchObject({ coin: 'BTC', fundingRate: '0.0000125', premium: '0.0' });
  });

  it.each([
    { type: 'l2Book', coin: 'NOPE' },
    { type: 'candleSnapshot', req: { coin: 'NOPE', interval: '1m', startTime: 0 } },
    { type: 'fundingHistory', coin: 'NOPE', startTime: 0 },
  ])('answers null about a coin that is not listed: $type', (request) => {
    expect(simulator.handle({ path: '/info', body: JSON.stringify(request) })).toMatchObject({
      status: 200,
      body: 'null',
    });
  });

  it.each([
    [{ nSigFigs: 5 }, 1],
    [{ nSigFigs: 5, mantissa: 2 }, 2],
    [{ nSigFigs: 5, mantissa: 5 }, 5],
    [{ nSigFigs: 4 }, 10],
    [{ nSigFigs: 3 }, 100],
    [{ nSigFigs: 2 }, 1_000],
  ])('puts levels together: BTC with %j in steps of %i', (view, step) => {
    const book = (more: object) => client.info({ type: 'l2Book', coin: 'BTC', ...more });
    type Level = { px: string; sz: string; n: number };
    const [whole, stepped] = [book({}), book(view)];
    for (const side of [0, 1]) {
      const [all, levels]: [Level[], Level[]] = [whole.levels[side], stepped.levels[side]];
      expect(levels.map((level) => Number(level.px) % step)).toEqual(levels.map(() => 0));
      expect(new Set(levels.map((level) => level.px)).size).toBe(levels.length);
      const sum = (list: Level[]) => list.reduce((total, level) => total + Number(level.sz), 0);
      expect(sum(levels)).toBeCloseTo(sum(all), 5);
    }
    expect(Number(stepped.levels[0][0].px)).toBeLessThanOrEqual(Number(whole.levels[0][0].px));
    expect(Number(stepped.levels[1][0].px)).toBeGreaterThanOrEqual(Number(whole.levels[1][0].px));
    expect(Number(stepped.spread)).toBeCloseTo(Number(whole.levels[1][0].px) - Number(whole.levels[0][0].px), 5);
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
