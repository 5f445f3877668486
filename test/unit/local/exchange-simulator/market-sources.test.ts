import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { csvFormat, parseCsvLine } from '#local/exchange-simulator/prices/csv-bar.ts';
import type { MarketSource, MarketTick } from '#local/exchange-simulator/prices/market-source.ts';
import { PriceModel } from '#local/exchange-simulator/prices/price-model.ts';
import { ReplaySource } from '#local/exchange-simulator/prices/replay-source.ts';
import { marketSpecs } from '#local/exchange-simulator/wire/hyperliquid/market-specs.ts';
import { dec } from '#shared/core/decimal.ts';
import { isOnGrid } from '#shared/core/market/tick-rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const replay = (path: string, fromMs: number | null = null) =>
  new ReplaySource({ path, market: 0, sizeDecimals: 5, fromMs });
function all(source: MarketSource, limit = 10_000): MarketTick[] {
  const ticks: MarketTick[] = [];
  while (source.nextAtMs() !== null && ticks.length < limit) ticks.push(source.take());
  return ticks;
}

const HEADER = 'timestamp,open,high,low,close,volume\n';
const UP = '2021-12-31 23:01:00.000000,46319.0,46385.0,46300.0,46377.0,2300413.7295\n';
const DOWN = '2021-12-31 23:02:00.000000,46377.0,46411.0,46370.0,46371.0,1829623.1938\n';
const T = Date.UTC(2021, 11, 31, 23, 1);

describe('replay', () => {
  it('plays O,L,H,C of a rising bar and O,H,L,C of a falling one at 0, 20, 40 and 59 s', () => {
    const ticks = all(replay(file('two.csv', HEADER + UP + DOWN)));
    expect(ticks.map((t) => [t.atMs - T, t.price])).toEqual([
      [0, 46319],
      [20_000, 46300],
      [40_000, 46385],
      [59_000, 46377],
      [60_000, 46377],
      [80_000, 46411],
      [100_000, 46370],
      [119_000, 46371],
    ]);
  });

  it('turns the quote volume of the own format into base units over the four trades', () => {
    const ticks = all(replay(file('volume.csv', HEADER + UP)));
    const base = ticks.reduce((sum, t) => sum + t.size, 0);
    expect(base).toBeCloseTo(2300413.7295 / 46348, 3);
  });

  it.each([
    [
      'milliseconds without header',
      '1640991660000,46319.0,46385.0,46300.0,46377.0,12.5,1640991719999,580000,100,6,280000,0\n',
    ],
    ['microseconds', '1640991660000000,46319.0,46385.0,46300.0,46377.0,12.5,1640991719999999,580000,100,6,280000,0\n'],
    [
      'a header',
      'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n1640991660000,46319.0,46385.0,46300.0,46377.0,12.5,1640991719999,580000,100,6,280000,0\n',
    ],
  ])('reads Binance klines in %s', (_, text) => {
    const ticks = all(replay(file('kline.csv', text)));
    expect(ticks.map((t) => t.price)).toEqual([46319, 46300, 46385, 46377]);
    expect([ticks[0]?.atMs, ticks[0]?.size]).toEqual([T, 3.125]);
  });

  it('counts bad lines with their number and code, and goes on', () => {
    const bad = [
      'x',
      'not-a-time,1,1,1,1,1',
      '2021-13-31 23:01:00.000000,1,1,1,1,1',
      '2021-12-31 23:01:30.000000,1,2,1,NaN,1',
      '2021-12-31 23:01:30.000000,5,4,1,2,1',
      '2021-12-31 23:01:30.000000,0,4,0,2,1',
      '',
    ].join('\n');
    const source = replay(
      file('bad.csv', `${HEADER}${UP}${bad}\n${UP}2021-12-31 23:00:00.000000,1,1,1,1,1\n${DOWN.trimEnd()}`),
    );
    expect(all(source)).toHaveLength(8);
    expect(source.refusals()).toMatchObject({
      count: 8,
      byCode: { columns: 1, time: 2, number: 1, 'price-order': 1, 'not-positive': 1, duplicate: 1, 'out-of-order': 1 },
    });
    expect(source.refusals().samples[0]).toEqual({ line: 3, code: 'columns', text: 'x' });
  });

  it('refuses a line that is too long without reading it into memory, CRLF and a byte order mark are fine', () => {
    const text = `\uFEFF${HEADER}${UP}${'9'.repeat(200_000)}\n${DOWN}`.replaceAll('\n', '\r\n');
    const source = replay(file('long.csv', text));
    expect(all(source)).toHaveLength(8);
    expect(source.refusals()).toMatchObject({ count: 1, byCode: { 'too-long': 1 }, samples: [{ line: 3 }] });
  });

  it('makes candles only of bars before the start', () => {
    const source = replay(file('from.csv', HEADER + UP + DOWN), T + 60_000);
    expect([...source.history()].map((bar) => [bar.openTimeMs, bar.close])).toEqual([[T, 46377]]);
    expect(all(source).map((t) => t.atMs)).toEqual([60_000, 80_000, 100_000, 119_000].map((ms) => T + ms));
  });

  it('goes on in the middle of a bar after a restore', () => {
    const path = file('resume.csv', HEADER + UP + DOWN);
    const whole = all(replay(path));
    for (const at of [0, 1, 3, 4, 7, 8]) {
      const first = replay(path);
      const head = all(first, at);
      const saved: unknown = JSON.parse(JSON.stringify(first.state()));
      const second = replay(path);
      second.restore(saved);
      expect([...head, ...all(second)]).toEqual(whole);
    }
  });

  it('says what is wrong with a file that is no candle file', () => {
    expect(() => replay(file('empty.csv', ''))).toThrow(/it is empty/);
    expect(() => replay(file('other.csv', 'a,b\n1,2\n'))).toThrow(/neither .* nor .*"a,b"/);
    expect(() => replay(join(folder, 'missing.csv'))).toThrow(/ENOENT/);
  });

  it('knows a format by its first line', () => {
    expect([csvFormat(HEADER.trim()), csvFormat(UP.trim()), csvFormat('1,2,3')]).toEqual(['own', 'own', null]);
    expect(parseCsvLine('2021-02-30 00:00:00.000000,1,1,1,1,1', 'own')).toEqual({ kind: 'refused', code: 'time' });
    const boundless = '2021-02-03 00:00:00.000000,1e400,1e400,1e400,1e400,1';
    expect(parseCsvLine(boundless, 'own')).toEqual({ kind: 'refused', code: 'number' });
  });
});

describe('price model', () => {
  const options = { seed: 1, startMs: 1_700_000_000_000, ticksPerSecond: 5, historyMinutes: 10 };
  const run = (over: Partial<typeof options> = {}, symbols = 0) => {
    const model = new PriceModel(marketSpecs(symbols), { ...options, ...over });
    const bars = [...model.history()];
    return { model, bars, ticks: all(model, 3_000) };
  };

  it('gives the same trades for the same seed, others for another', () => {
    expect(run().ticks).toEqual(run().ticks);
    expect(run({ seed: 2 }).ticks).not.toEqual(run().ticks);
  });

  it('keeps a symbol the same when others are added', () => {
    const btc = (ticks: MarketTick[]) => ticks.filter((t) => t.market === 0).slice(0, 100);
    expect(btc(run({}, 3).ticks)).toEqual(btc(run().ticks));
  });

  it('trades in time order, near the rate, on the price grid and in whole lots', () => {
    const { ticks } = run();
    const specs = marketSpecs();
    for (const [i, tick] of ticks.entries()) {
      if (i > 0) expect(tick.atMs).toBeGreaterThanOrEqual(ticks[i - 1]!.atMs);
      const { sizeDecimals, priceRule } = specs[tick.market]!;
      expect(isOnGrid(dec(tick.price), priceRule)).toBe(true);
      expect(dec(tick.size).decimalPlaces()).toBeLessThanOrEqual(sizeDecimals);
    }
    const seconds = (ticks.at(-1)!.atMs - ticks[0]!.atMs) / 1_000;
    expect(ticks.length / seconds / specs.length).toBeGreaterThan(4.5);
    expect(ticks.length / seconds / specs.length).toBeLessThan(5.5);
  });

  it('goes on exactly after a restore, and starts anew after a skip', () => {
    const { model } = run();
    const saved: unknown = JSON.parse(JSON.stringify(model.state()));
    const next = all(model, 500);
    const second = new PriceModel(marketSpecs(), options);
    second.restore(saved);
    expect(all(second, 500)).toEqual(next);
    second.skipTo(options.startMs + 86_400_000);
    expect(second.nextAtMs()).toBeGreaterThanOrEqual(options.startMs + 86_400_000);
  });

  it('moves: a day sees trends of more than one percent, and stays within a factor of two', () => {
    const { bars } = run({ historyMinutes: 1_440 });
    const btc = bars.filter((bar) => bar.market === 0).map((bar) => bar.close);
    const range = Math.max(...btc) / Math.min(...btc);
    expect(range).toBeGreaterThan(1.01);
    expect(range).toBeLessThan(2);
  });
});
