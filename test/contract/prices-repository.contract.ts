import { describe, expect, it } from 'vitest';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';

const BTC = 'BTC/USDC:USDC';
const tick = (tradeId: string, venueTimeMs: number, price: string, symbol = BTC): TradeTick => ({
  exchange: 'hyperliquid',
  symbol,
  tradeId,
  price,
  size: '0.10',
  side: 'buy',
  venueTimeMs,
});

/** What every store of prices promises. */
export function pricesRepositoryContract(name: string, create: () => Promise<PricesRepository>): void {
  describe(`prices repository: ${name}`, () => {
    it('stores ticks of many symbols at once and gives prices back in their shortest digits', async () => {
      const prices = await create();

      expect(await prices.saveTicks([tick('1', 10, '100.10'), tick('2', 11, '0.5', 'ETH/USDC:USDC')], 99)).toEqual({
        stored: 2,
      });

      expect([...(await prices.latest('hyperliquid')).values()]).toEqual([
        {
          exchange: 'hyperliquid',
          symbol: BTC,
          price: '100.1',
          tradeId: '1',
          venueTimeMs: 10,
          receivedAtMs: 99,
          markPrice: null,
          markTimeMs: null,
        },
        expect.objectContaining({ symbol: 'ETH/USDC:USDC', price: '0.5' }),
      ]);
      expect((await prices.latest('binance')).size).toBe(0);
    });

    it('ignores ticks that are stored already', async () => {
      const prices = await create();
      await prices.saveTicks([tick('1', 10, '100')], 99);
      expect(await prices.saveTicks([tick('1', 10, '100'), tick('2', 11, '101')], 100)).toEqual({ stored: 1 });
      expect(await prices.saveTicks([], 100)).toEqual({ stored: 0 });
    });

    it('moves the latest price forward in venue time only, the last of equal times winning', async () => {
      const prices = await create();
      const latest = async () => (await prices.latest('hyperliquid')).get(BTC)?.price;
      await prices.saveTicks([tick('3', 30, '103'), tick('2', 20, '102')], 99);
      expect(await latest()).toBe('103');
      await prices.saveTicks([tick('1', 10, '101')], 100);
      expect(await latest()).toBe('103');
      await prices.saveTicks([tick('4', 30, '104'), tick('5', 30, '105')], 101);
      expect(await latest()).toBe('105');
      expect((await prices.latest('hyperliquid')).get(BTC)?.receivedAtMs).toBe(101);
    });

    it('adds mark prices to known symbols, newer ones only, and keeps them while prices move', async () => {
      const prices = await create();
      await prices.saveMarkPrices('hyperliquid', [{ symbol: BTC, markPrice: '99', observedAtMs: 1 }]);
      expect((await prices.latest('hyperliquid')).size).toBe(0);
      await prices.saveTicks([tick('1', 10, '100')], 99);
      await prices.saveMarkPrices('hyperliquid', [{ symbol: BTC, markPrice: '99.50', observedAtMs: 50 }]);
      await prices.saveMarkPrices('hyperliquid', [{ symbol: BTC, markPrice: '98', observedAtMs: 49 }]);
      await prices.saveMarkPrices('hyperliquid', []);
      await prices.saveTicks([tick('2', 20, '101')], 100);
      expect((await prices.latest('hyperliquid')).get(BTC)).toMatchObject({
        price: '101',
        tradeId: '2',
        markPrice: '99.5',
        markTimeMs: 50,
      });
    });

    it('prunes the oldest ticks, not more than asked, and leaves the latest price', async () => {
      const prices = await create();
      await prices.saveTicks([tick('1', 10, '1'), tick('2', 20, '1'), tick('3', 30, '1'), tick('4', 40, '1')], 99);
      expect(await prices.pruneTicks(40, 2)).toBe(2);
      expect(await prices.pruneTicks(40, 2)).toBe(1);
      expect(await prices.pruneTicks(40, 2)).toBe(0);
      // Those that are gone can be stored again; the one that is left is a duplicate.
      expect(await prices.saveTicks([tick('1', 10, '1'), tick('4', 40, '1')], 99)).toEqual({ stored: 1 });
      expect((await prices.latest('hyperliquid')).get(BTC)?.venueTimeMs).toBe(40);
    });
  });
}
