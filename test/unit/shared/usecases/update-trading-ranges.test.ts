import { describe, expect, it } from 'vitest';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import { updateTradingRanges } from '#shared/usecases/update-trading-ranges.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

const H = 3_600_000;
const NOW = Date.UTC(2026, 0, 10);
const bar = (symbol: string, hoursAgo: number, low: string, high: string, final = true): Candle => ({
  exchange: 'hyperliquid',
  symbol,
  timeframe: '4h',
  openTimeMs: NOW - hoursAgo * H,
  open: low,
  high,
  low,
  close: high,
  volume: '1',
  final,
});

describe('updateTradingRanges', () => {
  it('takes the extremes of the bars from three days to one day ago, compared as numbers', async () => {
    const candles = sqlCandlesRepository(memoryDatabase());
    await candles.save(
      [
        bar('BTC/USDC:USDC', 76, '1', '9999'),
        bar('BTC/USDC:USDC', 72, '9.5', '90'),
        bar('BTC/USDC:USDC', 28, '10', '100'),
        bar('BTC/USDC:USDC', 24, '2', '8888'),
        bar('ETH/USDC:USDC', 40, '3', '4', false),
        bar('OLD/USDC:USDC', 40, '3', '4'),
      ],
      1,
    );
    await candles.saveTradingRanges('hyperliquid', [{ symbol: 'ETH/USDC:USDC', high: '7', low: '6' }], 1);

    await updateTradingRanges(
      { clock: manualClock(NOW), candles },
      { exchange: 'hyperliquid', symbols: ['BTC/USDC:USDC', 'ETH/USDC:USDC'] },
    );

    expect(await candles.tradingRanges('hyperliquid')).toEqual([
      { symbol: 'BTC/USDC:USDC', high: '100', low: '9.5' },
      { symbol: 'ETH/USDC:USDC', high: '7', low: '6' },
    ]);
  });
});
