import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { MINUTE_MS } from '#shared/core/time.ts';
import type { ExchangeUnderTest } from '#test/support/exchange-under-test.ts';

/** What every source of market data promises. */
export function marketDataSourceContract(name: string, make: () => Promise<ExchangeUnderTest>): void {
  describe(`market data source: ${name}`, () => {
    let exchange: ExchangeUnderTest;
    beforeEach(async () => {
      exchange = await make();
    });
    afterEach(() => exchange.close());

    it('lists every instrument once, native and HIP-3', async () => {
      const instruments = (await exchange.marketData.loadInstruments()).rows;
      const symbols = instruments.map((instrument) => instrument.symbol);
      expect(symbols).toEqual(expect.arrayContaining([...exchange.symbols]));
      expect(new Set(symbols).size).toBe(symbols.length);
      if (exchange.subAccounts.length === 1) return;
      expect(new Set(instruments.map((instrument) => instrument.assetId)).size).toBe(symbols.length);
      for (const { symbol, venueSymbol: coin, subAccount: dex, assetId } of instruments) {
        const base = symbol.split('/')[0];
        expect(base).toBe(dex === null ? coin.toUpperCase() : `${dex.toUpperCase()}-${coin.split(':')[1]}`);
        expect(assetId >= 100_000).toBe(dex !== null);
      }
    });

    it('prices every active instrument', async () => {
      const instruments = (await exchange.marketData.loadInstruments()).rows;
      const prices = (await exchange.marketData.fetchMarkPrices()).rows;
      const active = instruments.filter((instrument) => instrument.status === 'active');
      expect(prices.map((price) => price.symbol).sort()).toEqual(active.map((i) => i.symbol).sort());
      for (const price of prices) {
        expect(dec(price.markPrice).gt(0)).toBe(true);
        expect(Math.abs(price.observedAtMs - exchange.nowMs())).toBeLessThanOrEqual(1_000);
      }
    });

    it.each([0, 1] as const)('gives the bars of symbol %i, oldest first, the running one not final', async (which) => {
      const nowMs = exchange.nowMs();
      const fromMs = nowMs - (nowMs % MINUTE_MS) - 30 * MINUTE_MS;
      const bars = (await exchange.marketData.fetchCandles(exchange.symbols[which], '1m', fromMs, nowMs)).rows;
      expect(bars.length).toBeGreaterThanOrEqual(30);
      const times = bars.map((bar) => bar.openTimeMs);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times.every((t) => t % MINUTE_MS === 0 && t >= fromMs && t <= nowMs)).toBe(true);
      for (const bar of bars) {
        expect(bar).toMatchObject({ symbol: exchange.symbols[which], timeframe: '1m' });
        expect(dec(bar.high).gte(bar.open) && dec(bar.high).gte(bar.close) && dec(bar.high).gte(bar.low)).toBe(true);
        expect(dec(bar.low).lte(bar.open) && dec(bar.low).lte(bar.close)).toBe(true);
        const over = nowMs >= bar.openTimeMs + MINUTE_MS + 1_000;
        if (over) expect(bar.final).toBe(true);
        if (nowMs < bar.openTimeMs + MINUTE_MS) expect(bar.final).toBe(false);
      }
      expect(bars.some((bar) => bar.final)).toBe(true);
    });

    it('refuses candles of a symbol that nobody lists', async () => {
      await expect(exchange.marketData.fetchCandles('NOPE/USDC:USDC', '1m', 0, 1)).rejects.toMatchObject({
        kind: 'configuration',
      });
    });
  });
}
