import { describe, expect, it } from 'vitest';
import { pruneMarketData } from '#shared/usecases/prune-market-data.ts';
import { manualClock } from '#test/support/manual-clock.ts';

/** Tables of so many old rows; records every statement. */
function setUp(ticks: number, bars: number) {
  const left = { ticks, bars };
  const statements: string[] = [];
  const take = (what: 'ticks' | 'bars', limit: number) => {
    const count = Math.min(limit, left[what]);
    left[what] -= count;
    return Promise.resolve(count);
  };
  const prune = (maxBatches: number) =>
    pruneMarketData(
      {
        clock: manualClock(1_000_000),
        prices: {
          pruneTicks: (beforeMs, limit) => {
            statements.push(`ticks < ${beforeMs}`);
            return take('ticks', limit);
          },
        },
        candles: {
          prune: (timeframe, beforeMs, limit) => {
            statements.push(`${timeframe} < ${beforeMs}`);
            return take('bars', limit);
          },
        },
      },
      {
        tickRetentionMs: 100_000,
        candleRetention: [{ timeframe: '1m', retentionMs: 200_000 }],
        batchRows: 10,
        maxBatches,
      },
    );
  return { prune, statements };
}

describe('pruneMarketData', () => {
  it('deletes all that is older than its retention, batch by batch', async () => {
    const { prune, statements } = setUp(25, 3);
    expect(await prune(100)).toEqual({ ticks: 25, candles: 3, done: true });
    expect(statements).toEqual(['ticks < 900000', 'ticks < 900000', 'ticks < 900000', '1m < 800000']);
  });

  it('stops after so many statements and says that it is not done', async () => {
    const { prune, statements } = setUp(25, 3);
    expect(await prune(2)).toEqual({ ticks: 20, candles: 0, done: false });
    expect(statements).toHaveLength(2);
    expect(await prune(2)).toEqual({ ticks: 5, candles: 3, done: true });
  });
});
