import { SqsSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { candleFetcherEnvSchema } from '#functions/candle-fetcher/env.ts';
import { createHandler } from '#functions/candle-fetcher/handler.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';

const TEN = Date.UTC(2026, 0, 5, 10);
const job = (symbol: string) =>
  JSON.stringify({
    v: 1,
    type: 'candle-job',
    exchange: 'hyperliquid',
    symbol,
    timeframe: '1m',
    fromMs: TEN - 60_000,
    toMs: TEN,
    trace: { correlationId: 'abc', bornAtMs: TEN },
  });
const event = (...bodies: string[]) => {
  const messages = bodies.map((body, i) => ({ messageId: `m${i}`, body, receiveCount: 2, sentAtMs: TEN }));
  return sqsEvent('candle-jobs', messages) as SQSEvent;
};

function setUp(answers: Record<string, readonly Partial<Candle>[] | ExchangeError>) {
  const db = memoryDatabase();
  const candles = sqlCandlesRepository(db);
  const telemetry = new RecordingTelemetry();
  const letters: { recordId: string; payload: string; attempts: number; source: string; error: string }[] = [];
  const deps = {
    clock: manualClock(TEN + 5_000),
    candles,
    fetchStates: sqlFetchStateRepository(db),
    telemetry,
    deadLetters: {
      known: async () => new Set<string>(),
      store: async (letter: (typeof letters)[number]) => void letters.push(letter),
    },
    alerts: storedAlerts(manualClock(TEN), db),
    market: {
      fetchCandles: async (symbol: string) => {
        const answer = answers[symbol]!;
        if (answer instanceof ExchangeError) throw answer;
        const bar = {
          exchange: 'hyperliquid',
          symbol,
          timeframe: '1m',
          openTimeMs: TEN - 60_000,
          final: true,
        } as const;
        const prices = { open: '1', high: '1', low: '1', close: '1', volume: '0' };
        return { rows: answer.map((change) => ({ ...bar, ...prices, ...change })), odd: [] };
      },
    },
  };
  return {
    handler: createHandler(deps, candleFetcherEnvSchema.parse({ CONCURRENCY_LIMIT: '2' })),
    candles,
    letters,
    telemetry,
  };
}
const failure = (kind: 'rate-limited' | 'rejected', retryable: boolean) =>
  new ExchangeError(kind, kind, { retryable, mayHaveReachedVenue: true });

describe('candle-fetcher', () => {
  it('stores the candles of an event that AWS would send', async () => {
    const { handler, candles } = setUp({ 'BTC/USDC:USDC': [{}] });
    const sent = event(job('BTC/USDC:USDC'));
    expect(SqsSchema.safeParse(sent).success).toBe(true);
    expect(await handler(sent)).toEqual({ batchItemFailures: [] });
    expect(await candles.range('hyperliquid', 'BTC/USDC:USDC', '1m', 0, Number.MAX_SAFE_INTEGER, 10)).toHaveLength(1);
  });

  it('returns a job to the queue when the venue limits us', async () => {
    const { handler, letters } = setUp({ 'A/U:U': failure('rate-limited', true), 'B/U:U': [{}] });
    const answer = await handler(event(job('B/U:U'), job('A/U:U')));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(letters).toEqual([]);
  });

  it('puts a job that the venue refuses, and one that no one can read, to the dead letters with its payload', async () => {
    const { handler, letters } = setUp({ 'NO/U:U': failure('rejected', false), 'B/U:U': [{}] });
    const answer = await handler(event('{"v":1}', job('NO/U:U'), 'nonsense', job('B/U:U')));
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(letters.map((l) => [l.recordId, l.payload, l.attempts, l.source])).toEqual([
      ['m0', '{"v":1}', 2, 'candle-jobs'],
      ['m2', 'nonsense', 2, 'candle-jobs'],
      ['m1', job('NO/U:U'), 2, 'candle-jobs'],
    ]);
  });

  it('counts refused candles and logs a sample', async () => {
    const { handler, telemetry } = setUp({ 'B/U:U': [{ high: '0.5' }] });
    await handler(event(job('B/U:U')));
    expect(telemetry.counts.get('inputs_dropped_total')).toBe(1);
    expect(telemetry.logs.find((l) => l.event === 'input.dropped')?.fields).toMatchObject({
      what: 'candle',
      symbol: 'B/U:U',
      count: 1,
      sample: [{ code: 'inconsistent' }],
    });
  });
});
