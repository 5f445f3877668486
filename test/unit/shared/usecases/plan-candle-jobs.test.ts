import { describe, expect, it } from 'vitest';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { candleJobSchema } from '#shared/messages/candle-job.ts';
import type { QueueMessage } from '#shared/ports/work-queue.ts';
import { planCandleJobs } from '#shared/usecases/plan-candle-jobs.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

const TEN = Date.UTC(2026, 0, 5, 10);
const BTC = 'BTC/USDC:USDC';
const ETH = 'ETH/USDC:USDC';

function setUp() {
  const clock = manualClock(TEN + 5_000);
  const db = memoryDatabase();
  const fetchStates = sqlFetchStateRepository(db);
  const runs = new SqlRunsRepository(db);
  const sent: QueueMessage[] = [];
  const queue = { fails: false };
  const candleJobs = {
    send: async (messages: readonly QueueMessage[]) => {
      if (queue.fails) throw new Error('queue down');
      sent.push(...messages);
    },
  };
  const plan = (change: { symbols?: string[]; maxJobs?: number } = {}) =>
    planCandleJobs(
      { clock, fetchStates, runs, candleJobs, ids: { next: () => 'abc' } },
      {
        exchange: 'hyperliquid',
        symbols: [BTC, ETH],
        timeframes: ['1m', '4h'],
        rulesOf: (timeframe) => ({
          lookbackBars: timeframe === '1m' ? 120 : 50,
          settleMs: 2_000,
          requeueAfterMs: 45_000,
          failureWaitMs: 30_000,
          failureWaitMaxMs: 300_000,
        }),
        maxJobs: 100,
        ...change,
      },
    );
  const jobs = () => sent.map((m) => candleJobSchema.parse(JSON.parse(m.body)));
  return { clock, runs, fetchStates, sent, queue, plan, jobs };
}

describe('planCandleJobs', () => {
  it('queues every series at first, each with the lookback of its timeframe, once', async () => {
    const { plan, jobs } = setUp();
    await plan();
    expect((await plan()).queued).toEqual([]);
    expect(jobs().map((j) => [j.symbol, j.timeframe, (j.toMs - j.fromMs) / 60_000])).toEqual([
      [BTC, '1m', 120],
      [ETH, '1m', 120],
      [BTC, '4h', 50 * 240],
      [ETH, '4h', 50 * 240],
    ]);
    expect(jobs()[0]?.trace).toEqual({ correlationId: 'abc', bornAtMs: TEN + 5_000 });
  });

  it('asks for the minutes of the lookback again while the runs of a symbol lack some of them', async () => {
    const { clock, runs, fetchStates, plan, jobs, sent } = setUp();
    const whole = (['1m', '4h'] as const).flatMap((timeframe) =>
      [BTC, ETH].map((symbol) => ({ symbol, timeframe, lastFinalOpenMs: TEN + 3_600_000 })),
    );
    await fetchStates.recordFetched('hyperliquid', whole, TEN);
    clock.set(TEN + 3_600_000 + 65_000);
    expect((await plan()).queued, 'all is there, as far as anybody knows').toEqual([]);

    const sinceMs = clock.nowMs() - 61_000;
    const health = { symbol: BTC, dataState: 'data-gap' as const, dataStateSinceMs: sinceMs, lastTradeTimeMs: sinceMs };
    runs.cohortHealth = async () => new Map([[BTC, health]]);
    await plan();
    await plan();

    expect(jobs().map((j) => [j.symbol, j.timeframe, (j.toMs - j.fromMs) / 60_000])).toEqual([[BTC, '1m', 120]]);
    clock.set(clock.nowMs() + 60_000);
    sent.length = 0;
    await plan();
    expect(jobs().find((j) => j.symbol === BTC && j.timeframe === '1m')).toBeDefined();
  });

  it('says how old the newest minute bar is where it is oldest, and nothing before there is one', async () => {
    const { fetchStates, plan } = setUp();
    expect((await plan()).oldestBarAgeMs).toBeNull();
    const record = (symbol: string, timeframe: '1m' | '4h', lastFinalOpenMs: number) =>
      fetchStates.recordFetched('hyperliquid', [{ symbol, timeframe, lastFinalOpenMs }], 1);
    await record(BTC, '4h', TEN - 8 * 3_600_000);
    await record(BTC, '1m', TEN - 60_000);
    expect((await plan()).oldestBarAgeMs).toBe(65_000);
    await record(ETH, '1m', TEN - 300_000);
    expect((await plan()).oldestBarAgeMs).toBe(305_000);
    expect((await plan({ symbols: [BTC] })).oldestBarAgeMs).toBe(65_000);
  });

  it('queues a series again only when its next bar has closed', async () => {
    const { clock, fetchStates, plan, jobs, sent } = setUp();
    await plan();
    for (const symbol of [BTC, ETH]) {
      await fetchStates.recordFetched('hyperliquid', [{ symbol, timeframe: '1m', lastFinalOpenMs: TEN - 60_000 }], 1);
      await fetchStates.recordFetched(
        'hyperliquid',
        [{ symbol, timeframe: '4h', lastFinalOpenMs: TEN - 6 * 3_600_000 }],
        1,
      );
    }
    sent.length = 0;
    clock.set(TEN + 61_000);
    await plan();
    expect(sent).toEqual([]);
    clock.set(TEN + 62_000);
    await plan();
    expect(jobs().map((j) => [j.symbol, j.timeframe, j.fromMs - TEN, j.toMs - TEN])).toEqual([
      [BTC, '1m', 0, 60_000],
      [ETH, '1m', 0, 60_000],
    ]);
  });

  it('starves no series when there are more than may be queued', async () => {
    const { plan, jobs } = setUp();
    expect(await plan({ maxJobs: 3 })).toMatchObject({ postponed: 1 });
    expect(await plan({ maxJobs: 3 })).toMatchObject({ postponed: 0 });
    expect(new Set(jobs().map((j) => j.symbol + j.timeframe)).size).toBe(4);
  });

  it('marks nothing as queued when the queue refuses', async () => {
    const { plan, queue, jobs } = setUp();
    queue.fails = true;
    await expect(plan()).rejects.toThrow('queue down');
    queue.fails = false;
    await plan();
    expect(jobs()).toHaveLength(4);
  });
});
