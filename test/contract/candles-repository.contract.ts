import { describe, expect, it } from 'vitest';
import type { Candle } from '#shared/core/market/candle.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';

const BTC = 'BTC/USDC:USDC';
const M = 60_000;
const bar = (minute: number, overrides: Partial<Candle> = {}): Candle => ({
  exchange: 'hyperliquid',
  symbol: BTC,
  timeframe: '1m',
  openTimeMs: minute * M,
  open: '1.1',
  high: '3',
  low: '0.5',
  close: '2',
  volume: '10',
  final: true,
  ...overrides,
});
const all = (candles: CandlesRepository, timeframe: Candle['timeframe']) =>
  candles.range('hyperliquid', BTC, timeframe, 0, 10 * M, 10);
const minutes = (bars: readonly Candle[]) => bars.map((b) => b.openTimeMs / M);

/** What every store of candles promises. */
export function candlesRepositoryContract(name: string, create: () => Promise<CandlesRepository>): void {
  describe(`candles repository: ${name}`, () => {
    it('keeps bars as written, once each, oldest first', async () => {
      const candles = await create();
      await candles.save([bar(2), bar(1), bar(3), bar(4, { final: false })], 99);
      await candles.save([bar(2), bar(3)], 100);
      await candles.save([], 100);

      expect(await all(candles, '1m')).toEqual([bar(1), bar(2), bar(3), bar(4, { final: false })]);
      expect(await all(candles, '5m')).toEqual([]);
    });

    it('lets a running bar grow and become final, and never turns a final bar back', async () => {
      const candles = await create();
      const read = async () => (await candles.range('hyperliquid', BTC, '1m', 0, 10 * M, 10))[0];
      await candles.save([bar(1, { final: false, close: '1' })], 99);
      await candles.save([bar(1, { final: false, close: '2' })], 100);
      expect(await read()).toEqual(bar(1, { final: false, close: '2' }));
      await candles.save([bar(1, { close: '2.5' })], 101);
      await candles.save([bar(1, { final: false, close: '9', volume: '99' })], 102);
      expect(await read()).toEqual(bar(1, { close: '2.5' }));
      await candles.save([bar(1, { close: '2.6' })], 103);
      expect(await read()).toEqual(bar(1, { close: '2.6' }));
    });

    it('reads a range with both ends and the running bar, up to the limit', async () => {
      const candles = await create();
      await candles.save([bar(1), bar(2), bar(3), bar(4, { final: false }), bar(2, { symbol: 'ETH/USDC:USDC' })], 99);
      expect(minutes(await candles.range('hyperliquid', BTC, '1m', 2 * M, 4 * M, 10))).toEqual([2, 3, 4]);
      expect(minutes(await candles.range('hyperliquid', BTC, '1m', 2 * M, 4 * M, 2))).toEqual([2, 3]);
    });

    it('prunes the oldest bars of one timeframe, not more than asked', async () => {
      const candles = await create();
      await candles.save([bar(1), bar(2), bar(3), bar(4), bar(1, { timeframe: '5m' })], 99);
      expect(await candles.prune('1m', 4 * M, 2)).toBe(2);
      expect(minutes(await all(candles, '1m'))).toEqual([3, 4]);
      expect(await candles.prune('1m', 4 * M, 2)).toBe(1);
      expect(await candles.prune('1m', 4 * M, 2)).toBe(0);
      expect(await all(candles, '5m')).toHaveLength(1);
    });
  });
}
