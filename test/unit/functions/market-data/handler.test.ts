import { SqsSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import { describe, expect, it } from 'vitest';
import { forTimeframe, marketDataEnvSchema } from '#functions/market-data/env.ts';
import { createHandler } from '#functions/market-data/handler.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { QueueMessage } from '#shared/ports/work-queue.ts';
import { anInstrument, aProduct } from '#test/support/instruments.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';

const TEN = Date.UTC(2026, 0, 5, 10);
const H = 3_600_000;
const BTC = 'BTC/USDC:USDC';
const schedule = {
  v: 1,
  type: 'schedule',
  job: 'market-data',
  scheduledTime: '2026-01-05T10:00:00Z',
  executionId: 'e1',
  attempt: 1,
};
const rawEnv = {
  EXCHANGE: 'hyperliquid',
  TIMEFRAMES: '1m,4h',
  LOOKBACK_BARS: 'default=20,1m=120',
  RETENTION_DAYS: '1m=1,default=365',
  TICK_RETENTION_H: '24',
  PRUNE_BATCH_ROWS: '2',
  PRUNE_MAX_BATCHES: '3',
};
const tick = (tradeId: string, venueTimeMs: number) => ({
  exchange: 'hyperliquid',
  symbol: BTC,
  tradeId,
  price: '100',
  size: '1',
  side: 'buy' as const,
  venueTimeMs,
});

function setUp() {
  const clock = manualClock(TEN + 5_000);
  const db = memoryDatabase();
  const prices = sqlPricesRepository(db);
  const jobs = sqlJobStateRepository(db, 'hyperliquid');
  const telemetry = new RecordingTelemetry();
  const sent: QueueMessage[] = [];
  const fails = { marks: false, queue: false };
  const deps = {
    clock,
    prices,
    jobs,
    telemetry,
    ids: { next: () => 'abc' },
    candles: sqlCandlesRepository(db),
    fetchStates: sqlFetchStateRepository(db),
    runs: new SqlRunsRepository(db),
    deadLetters: storedDeadLetters(clock, db),
    alerts: storedAlerts(clock, db),
    candleJobs: {
      send: async (messages: readonly QueueMessage[]) => {
        if (fails.queue) throw new Error('queue down');
        sent.push(...messages);
      },
    },
    instruments: {
      products: async () => [anInstrument('BTC'), anInstrument('OLD', { status: 'delisted' })].map(aProduct),
    },
    market: {
      fetchMarkPrices: async () => {
        if (fails.marks) throw new Error('venue down');
        const rows = [BTC, 'ETH/USDC:USDC'].map((symbol) => ({
          symbol,
          markPrice: '100.5',
          midPrice: null,
          observedAtMs: clock.nowMs(),
        }));
        return { rows, odd: [] };
      },
    },
  };
  const handler = createHandler(deps, marketDataEnvSchema.parse(rawEnv));
  return { clock, prices, jobs, telemetry, sent, fails, handler, fetchStates: deps.fetchStates };
}

describe('market-data', () => {
  it('plans the candles of listed symbols and refreshes their mark prices', async () => {
    const { handler, sent, prices, jobs } = setUp();
    await prices.saveTicks([tick('1', TEN)], TEN);
    await handler(schedule);
    expect(sent.map((m) => JSON.parse(m.body)).map((j) => [j.symbol, j.timeframe])).toEqual([
      [BTC, '1m'],
      [BTC, '4h'],
    ]);
    expect((await prices.latest('hyperliquid')).get(BTC)?.markPrice).toBe('100.5');
    expect((await jobs.all()).find((j) => j.job === 'market-data')).toMatchObject({
      lastOkMs: TEN + 5_000,
      lastError: null,
    });
  });

  it('tells how old the newest bar is, once there is one', async () => {
    const { handler, telemetry, fetchStates } = setUp();
    await handler(schedule);
    expect([...telemetry.gauges]).toEqual([]);
    await fetchStates.recordFetched(
      'hyperliquid',
      [{ symbol: BTC, timeframe: '1m', lastFinalOpenMs: TEN - 60_000 }],
      1,
    );
    await handler(schedule);
    expect([...telemetry.gauges]).toEqual([['market_data_age_seconds', 65]]);
  });

  it('takes a schedule or a run-request from a queue as well, and a malformed job as one', async () => {
    const { handler, sent, telemetry } = setUp();
    const runRequest = {
      v: 1,
      type: 'run-request',
      job: 'market-data',
      exchange: 'hyperliquid',
      symbols: null,
      reason: 'operator',
      trace: { correlationId: 'x', bornAtMs: 1 },
    };
    const bodies = [schedule, runRequest, 'nonsense'].map((body) =>
      typeof body === 'string' ? body : JSON.stringify(body),
    );
    const event = sqsEvent(
      'run-requests',
      bodies.map((body, i) => ({ messageId: `m${i}`, body, receiveCount: 1, sentAtMs: TEN })),
    );
    expect(SqsSchema.safeParse(event).success).toBe(true);
    await handler(event);
    expect(sent).toHaveLength(2);
    expect(telemetry.logs.map((l) => [l.event, l.fields.sample])).toEqual([['input.dropped', 'nonsense']]);
  });

  it('plans although mark prices fail, and rejects when the plan does', async () => {
    const { handler, sent, fails, jobs } = setUp();
    fails.marks = true;
    await handler(schedule);
    expect(sent).toHaveLength(2);
    expect((await jobs.all()).find((j) => j.job === 'market-data')?.lastError).toBe('mark-prices: venue down');
    fails.queue = true;
    const other = setUp();
    other.fails.queue = true;
    await expect(other.handler(schedule)).rejects.toThrow('plan: queue down');
  });

  it('prunes once in ten minutes, and goes on at once while rows are left', async () => {
    const { handler, prices, clock } = setUp();
    const old = Array.from({ length: 9 }, (_, i) => tick(`${i}`, TEN - 30 * H + i));
    await prices.saveTicks(old, TEN);
    await handler(schedule);
    // Three statements of two rows each time: 3 ticks are left, then candles are still to be looked at.
    await handler(schedule);
    await handler(schedule);
    expect(await prices.pruneTicks(TEN, 100)).toBe(0);
    await prices.saveTicks(old.slice(0, 1), TEN);
    clock.set(TEN + 9 * 60_000);
    await handler(schedule);
    expect(await prices.saveTicks(old.slice(0, 1), TEN)).toEqual({ stored: 0 });
    clock.set(TEN + 10 * 60_000);
    await handler(schedule);
    expect(await prices.saveTicks(old.slice(0, 1), TEN)).toEqual({ stored: 1 });
  });

  it('reads its numbers by timeframe and refuses what is none', () => {
    const env = marketDataEnvSchema.parse(rawEnv);
    expect([forTimeframe(env.LOOKBACK_BARS, '1m'), forTimeframe(env.LOOKBACK_BARS, '4h')]).toEqual([120, 20]);
    expect(marketDataEnvSchema.safeParse({ ...rawEnv, LOOKBACK_BARS: '1m=x,default=3' }).success).toBe(false);
    expect(marketDataEnvSchema.safeParse({ ...rawEnv, LOOKBACK_BARS: '1m=5' }).success).toBe(false);
    expect(marketDataEnvSchema.safeParse({ ...rawEnv, TIMEFRAMES: '7m' }).success).toBe(false);
  });
});
