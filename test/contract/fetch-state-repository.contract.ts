import { describe, expect, it } from 'vitest';
import type { FetchStateRepository } from '#shared/ports/repositories/fetch-state-repository.ts';

const btc = { symbol: 'BTC/USDC:USDC', timeframe: '1m' } as const;
const eth = { symbol: 'ETH/USDC:USDC', timeframe: '4h' } as const;
const none = { lastFinalOpenMs: null, queuedAtMs: null, queuedBarMs: null, failures: 0, failedAtMs: null };

/** What every store of fetch states promises. */
export function fetchStateRepositoryContract(name: string, create: () => Promise<FetchStateRepository>): void {
  describe(`fetch state repository: ${name}`, () => {
    it('keeps what is queued and what is fetched apart, by series and exchange', async () => {
      const states = await create();
      await states.markQueued(
        'hyperliquid',
        [
          { ...eth, barMs: 60_000 },
          { ...btc, barMs: 0 },
        ],
        7,
      );
      await states.recordFetched('hyperliquid', [{ ...btc, lastFinalOpenMs: 0 }], 8);
      await states.recordFetched('binance', [{ ...btc, lastFinalOpenMs: 5 }], 8);
      await states.markQueued('hyperliquid', [], 9);
      await states.recordFetched('hyperliquid', [], 9);
      await states.recordFailed('hyperliquid', [], 9);

      expect(await states.all('hyperliquid')).toEqual([
        { ...btc, ...none, queuedAtMs: 7, queuedBarMs: 0, lastFinalOpenMs: 0 },
        { ...eth, ...none, queuedAtMs: 7, queuedBarMs: 60_000 },
      ]);
    });

    it('never moves the newest bar back', async () => {
      const states = await create();
      await states.recordFetched('hyperliquid', [{ ...btc, lastFinalOpenMs: 120_000 }], 1);
      await states.recordFetched('hyperliquid', [{ ...btc, lastFinalOpenMs: 60_000 }], 2);
      await states.recordFetched('hyperliquid', [{ ...btc, lastFinalOpenMs: null }], 3);
      expect(await states.all('hyperliquid')).toEqual([{ ...btc, ...none, lastFinalOpenMs: 120_000 }]);
    });

    it('counts failures until a success', async () => {
      const states = await create();
      await states.recordFailed('hyperliquid', [btc], 1);
      await states.recordFailed('hyperliquid', [btc], 2);
      expect(await states.all('hyperliquid')).toEqual([{ ...btc, ...none, failures: 2, failedAtMs: 2 }]);
      await states.recordFetched('hyperliquid', [{ ...btc, lastFinalOpenMs: null }], 3);
      expect(await states.all('hyperliquid')).toEqual([{ ...btc, ...none }]);
    });
  });
}
