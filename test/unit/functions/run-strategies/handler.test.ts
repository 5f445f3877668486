import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { runStrategiesEnvSchema } from '#functions/run-strategies/env.ts';
import { createHandler } from '#functions/run-strategies/handler.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import { runRequestSchema } from '#shared/messages/scheduled-job.ts';
import { QueueError, type QueueMessage } from '#shared/ports/work-queue.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { aBundle, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const BTC = 'BTC/USDC:USDC';
const record = (sequenceNumber: string, text: string) => ({
  kinesis: {
    approximateArrivalTimestamp: 1,
    data: Buffer.from(text).toString('base64'),
    kinesisSchemaVersion: '1.0',
    partitionKey: `sim:${BTC}`,
    sequenceNumber,
  },
  awsRegion: 'eu-west-1',
  eventID: `shardId-000000000000:${sequenceNumber}`,
  eventName: 'aws:kinesis:record',
  eventSource: 'aws:kinesis',
  eventSourceARN: 'arn:aws:kinesis:eu-west-1:000000000000:stream/market',
  eventVersion: '1.0',
  invokeIdentityArn: 'arn:aws:iam::000000000000:role/run-strategies',
});
const eventOf = (...texts: string[]): KinesisStreamEvent => ({
  Records: texts.map((text, i) => record(`${100 + i}`, text)),
});
const trend = (count: number, from = 0, gap?: boolean) =>
  JSON.stringify(
    aBundle(
      Array.from({ length: count }, (_, i) => 100 + from + i),
      { fromMs: RUNS_START_MS + from * 60_000, everyMs: 60_000, firstId: from, ...(gap === undefined ? {} : { gap }) },
    ),
  );

async function aBench(
  options: { env?: Record<string, string>; candles?: readonly Candle[]; queueFails?: boolean } = {},
) {
  const runs = new SqlRunsRepository(memoryDatabase());
  await runs.createRuns('sim', [aNewRun(0), aNewRun(1)], RUNS_START_MS);
  const sent: QueueMessage[] = [];
  const sends: number[] = [];
  let reads = 0;
  const telemetry = new RecordingTelemetry();
  const clock = manualClock(RUNS_START_MS);
  const deps = {
    runs,
    candles: {
      range: async () => {
        reads++;
        return options.candles ?? [];
      },
    },
    requests: {
      send: async (messages: readonly QueueMessage[]) => {
        if (options.queueFails) throw new QueueError('down', true);
        sent.push(...messages);
        sends.push(messages.length);
      },
    },
    clock,
    telemetry,
  };
  const env = runStrategiesEnvSchema.parse({
    LIVE_PNL_THRESHOLD: '0',
    ON_CHANGE_ENABLED: 'true',
    ON_CHANGE_MIN_INTERVAL_S: '1',
    ...options.env,
  });
  const load = async () => (await runs.loadCohorts('sim', [BTC]))[0]!;
  return { handle: createHandler(deps, env), runs, sent, sends, telemetry, clock, load, candleReads: () => reads };
}

describe('run-strategies', () => {
  it('warns of no gap at the first trades of a symbol that has no history yet', async () => {
    const { handle, telemetry, load } = await aBench();
    await handle(eventOf(trend(10, 0, true)));

    expect((await load()).cohort.dataState).toBe('warming-up');
    expect(telemetry.logs.map((line) => line.event)).not.toContain('feed.gap');
  });

  it('steps the runs of a Kinesis batch and asks for a reconciliation of the symbol whose wish moved', async () => {
    const { handle, sent, load } = await aBench();
    expect(await handle(eventOf(trend(10), trend(6, 10)))).toEqual({ batchItemFailures: [] });
    expect((await load()).runs.map((r) => r.positionDirection)).toEqual([1, 1]);
    expect(sent.length).toBe(1);
    expect(runRequestSchema.parse(JSON.parse(sent[0]!.body))).toMatchObject({
      job: 'reconciliation',
      exchange: 'sim',
      symbols: [BTC],
      trace: { correlationId: 'c' },
    });
    expect(sent[0]).toMatchObject({ groupId: 'sim', deduplicationId: `reconciliation:sim:${BTC}:${RUNS_START_MS}:2` });
  });

  it('asks at once for all symbols whose wishes moved in one batch, so that one cycle can plan them', async () => {
    const { handle, runs, sent, sends } = await aBench();
    const eth = 'ETH/USDC:USDC';
    await runs.createRuns('sim', [{ ...aNewRun(2, eth), creationKey: 'eth' }], RUNS_START_MS);

    await handle(eventOf(trend(16), JSON.stringify({ ...JSON.parse(trend(16)), symbol: eth })));

    expect(sends).toEqual([2]);
    expect(sent.map(({ body }) => runRequestSchema.parse(JSON.parse(body)).symbols)).toEqual([[BTC], [eth]]);
    expect(new Set(sent.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  it('asks nothing when the wish did not move, when it is switched off, or when the move is below the threshold', async () => {
    const still = await aBench();
    await still.handle(eventOf(trend(16)));
    await still.handle(eventOf(trend(2, 16)));
    await still.handle(eventOf(trend(2, 16)));
    expect(still.sent.length).toBe(1);
    const off = await aBench({ env: { ON_CHANGE_ENABLED: 'false' } });
    await off.handle(eventOf(trend(16)));
    expect(off.sent).toEqual([]);
    const coarse = await aBench({ env: { ON_CHANGE_DIRECTION_MIN: '3' } });
    await coarse.handle(eventOf(trend(13)));
    coarse.sent.splice(0);
    await coarse.handle(eventOf(trend(4, 13)));
    expect(coarse.sent).toEqual([]);
  });

  it('reports the first poison record, and loses no trade around it', async () => {
    const { handle, telemetry, load } = await aBench();
    const answer = await handle(eventOf(trend(3), '{"v":9}', 'not json', trend(3, 3)));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '101' }] });
    expect((await load()).cohort.lastTradeIds).toEqual(['t5']);
    expect(telemetry.counts.get('inputs_dropped_total')).toBe(2);
    await handle(eventOf('{"v":9}', trend(3, 3)));
    expect((await load()).cohort.version, 'delivered again from the poison record: nothing is new').toBe(2);
  });

  it('keeps the steps when the queue refuses the request', async () => {
    const { handle, load, telemetry } = await aBench({ queueFails: true });
    expect(await handle(eventOf(trend(16)))).toEqual({ batchItemFailures: [] });
    expect((await load()).runs[0]!.positionDirection).toBe(1);
    expect(telemetry.logs.map((l) => l.fields.code)).toContain('queue-refused');
  });

  it('warms a symbol up from stored candles after a hole, and asks for a reconciliation then', async () => {
    const candles = Array.from({ length: 20 }, (_, i) => ({
      exchange: 'sim',
      symbol: BTC,
      timeframe: '1m' as const,
      openTimeMs: RUNS_START_MS + (80 + i) * 60_000,
      open: `${100 + i}`,
      high: `${100 + i}`,
      low: `${100 + i}`,
      close: `${100 + i}`,
      volume: '1',
      final: true,
    }));
    const { handle, load, sent, telemetry } = await aBench({ candles });
    await handle(eventOf(trend(16)));
    sent.splice(0);
    await handle(eventOf(trend(1, 100, true)));
    expect((await load()).cohort.dataState).toBe('live');
    expect(sent.length).toBe(1);
    expect(telemetry.logs.map((l) => l.event)).toContain('feed.gap');
    await handle(eventOf(trend(2, 101)));
    expect((await load()).runs.length, 'stepping goes on from the warmed states').toBe(2);
  });

  it('leaves the symbol unknown while candles are missing, and reads them every ten seconds at most', async () => {
    const bench = await aBench();
    await bench.handle(eventOf(trend(16)));
    const readsBefore = bench.candleReads();
    bench.clock.set(RUNS_START_MS + 60_000);
    await bench.handle(eventOf(trend(1, 100, true)));
    await bench.handle(eventOf(trend(1, 101)));
    expect((await bench.load()).cohort.dataState).toBe('data-gap');
    expect(bench.candleReads() - readsBefore).toBe(1);
    bench.clock.set(RUNS_START_MS + 70_000);
    await bench.handle(eventOf(trend(1, 102)));
    expect(bench.candleReads() - readsBefore).toBe(2);
  });
});
