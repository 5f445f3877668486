import { KinesisDataStreamSchema } from '@aws-lambda-powertools/parser/schemas/kinesis';
import { type GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import type { InvocationResult } from '#local/emulators/invoker.ts';
import type { Checkpoints } from '#local/platform-runner/checkpoints.ts';
import { cutBySize, type PolledRecord, StreamPoller } from '#local/platform-runner/stream-poller.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

interface FakeShard {
  readonly id: string;
  readonly parent?: string;
  readonly records: string[];
  readonly closed?: boolean;
}

/** A stream of two-digit sequence numbers; iterators are `<shard>:<index>`. */
function fakeKinesis(shards: readonly FakeShard[], clock: VirtualClock) {
  const failures: Error[] = [];
  const iteratorTypes: string[] = [];
  const sequence = (index: number) => String(10 + index);
  const send = async (command: unknown): Promise<unknown> => {
    const failure = failures.shift();
    if (failure) throw failure;
    if (command instanceof ListShardsCommand) {
      return { Shards: shards.map((s) => ({ ShardId: s.id, ...(s.parent ? { ParentShardId: s.parent } : {}) })) };
    }
    if (command instanceof GetShardIteratorCommand) {
      const { ShardId, ShardIteratorType, StartingSequenceNumber: after } = command.input;
      iteratorTypes.push(ShardIteratorType!);
      return { ShardIterator: `${ShardId}:${after === undefined ? 0 : Number(after) - 10 + 1}` };
    }
    const { ShardIterator, Limit } = (command as GetRecordsCommand).input;
    const [id, from] = ShardIterator!.split(':') as [string, string];
    const shard = shards.find((s) => s.id === id)!;
    const records = shard.records.slice(Number(from), Number(from) + Limit!);
    const next = Number(from) + records.length;
    return {
      Records: records.map((text, i) => ({
        SequenceNumber: sequence(Number(from) + i),
        PartitionKey: 'k',
        Data: Buffer.from(text),
        ApproximateArrivalTimestamp: new Date(clock.nowMs()),
      })),
      MillisBehindLatest: 1_000 * (shard.records.length - next),
      ...(shard.closed && next >= shard.records.length ? {} : { NextShardIterator: `${id}:${next}` }),
    };
  };
  return { client: { send } as never, failures, iteratorTypes };
}

type Event = { Records: { kinesis: { data: string; sequenceNumber: string } }[] };
const texts = (event: unknown) => (event as Event).Records.map((r) => Buffer.from(r.kinesis.data, 'base64').toString());

function setUp(
  shards: readonly FakeShard[],
  answer: (batch: readonly string[], event: Event) => unknown = () => undefined,
  known: Readonly<Record<string, string>> = {},
) {
  const clock = new VirtualClock(1_000_000);
  const telemetry = new RecordingTelemetry();
  const kinesis = fakeKinesis(shards, clock);
  const batches: (readonly string[])[] = [];
  const events: unknown[] = [];
  const buried: { text: string; attempts: number }[] = [];
  const marks = new Map(Object.entries(known));
  const checkpoints: Checkpoints = {
    read: (key) => marks.get(key) ?? null,
    write: (key, value) => void marks.set(key, value),
  };
  const poller = new StreamPoller({
    client: kinesis.client,
    streamName: 'market',
    consumer: { functionName: 'f', batchSize: 4, batchWindowMs: 1_000, maxRetries: 1, maxRecordAgeMs: 60_000 },
    invoke: async (_name, event): Promise<InvocationResult> => {
      events.push(event);
      batches.push(texts(event));
      try {
        return { kind: 'ok', value: answer(texts(event), event as Event) };
      } catch (error) {
        return { kind: 'failed', error: error as Error };
      }
    },
    bury: async (record: PolledRecord, _error, attempts) =>
      void buried.push({ text: Buffer.from(record.data).toString(), attempts }),
    checkpoints,
    clock,
    telemetry,
    pollIntervalMs: 500,
  });
  const stop = async () => {
    const stopping = poller.stop();
    await clock.advanceBy(5_000);
    await stopping;
  };
  return { clock, telemetry, poller, kinesis, batches, events, buried, marks, stop };
}

describe('StreamPoller', () => {
  const shard = (records: string[]): FakeShard => ({ id: 's0', records });

  it('hands out a genuine Kinesis event when the window is over, and remembers how far it came', async () => {
    const { clock, poller, batches, events, marks, kinesis, stop } = setUp([shard(['a', 'b'])]);
    poller.start();
    await clock.advanceBy(600);
    expect(batches).toEqual([]);
    await clock.advanceBy(1_000);
    expect(batches).toEqual([['a', 'b']]);
    expect(() => KinesisDataStreamSchema.parse(events[0])).not.toThrow();
    expect(Object.fromEntries(marks)).toEqual({ 'market/s0/f': '11' });
    expect(kinesis.iteratorTypes).toEqual(['TRIM_HORIZON']);
    await stop();
  });

  it('does not wait for the window when the batch is full', async () => {
    const { clock, poller, batches, stop } = setUp([shard(['a', 'b', 'c', 'd', 'e'])]);
    poller.start();
    await clock.advanceBy(100);
    expect(batches).toEqual([['a', 'b', 'c', 'd']]);
    await stop();
  });

  it('tells how far behind the stream says that it is', async () => {
    const lags: (number | undefined)[] = [];
    const { clock, poller, stop, telemetry } = setUp([shard(['a', 'b', 'c', 'd', 'e', 'f'])], () => {
      lags.push(telemetry.gauges.get(metrics.streamLag));
    });
    poller.start();
    await clock.advanceBy(3_000);
    expect(lags).toEqual([2_000, 0]);
    await stop();
  });

  it('goes on after its checkpoint when it starts again', async () => {
    const { clock, poller, batches, kinesis, stop } = setUp([shard(['a', 'b', 'c'])], undefined, {
      'market/s0/f': '11',
    });
    poller.start();
    await clock.advanceBy(2_000);
    expect(batches).toEqual([['c']]);
    expect(kinesis.iteratorTypes).toEqual(['AFTER_SEQUENCE_NUMBER']);
    await stop();
  });

  it('takes the lowest reported failure as checkpoint and buries it after its retries', async () => {
    const poison = (batch: readonly string[], event: Event) => ({
      batchItemFailures: batch.flatMap((text, i) =>
        text === 'bad' ? [{ itemIdentifier: event.Records[i]!.kinesis.sequenceNumber }] : [],
      ),
    });
    const { clock, poller, batches, buried, marks, telemetry, stop } = setUp([shard(['a', 'bad', 'c', 'd'])], poison);
    poller.start();
    await clock.advanceBy(5_000);
    expect(batches).toEqual([['a', 'bad', 'c', 'd'], ['bad'], ['c', 'd']]);
    expect(buried).toEqual([{ text: 'bad', attempts: 2 }]);
    expect(marks.get('market/s0/f')).toBe('13');
    expect(telemetry.counts.get('stream_records_dead')).toBe(1);
    await stop();
  });

  it('halves a batch that makes the function fail, so that only the poison is buried', async () => {
    const { clock, poller, buried, batches, stop } = setUp([shard(['a', 'b', 'bad', 'd'])], (batch) => {
      if (batch.includes('bad')) throw new Error('cannot read');
    });
    poller.start();
    await clock.advanceBy(10_000);
    expect(buried.map((b) => b.text)).toEqual(['bad']);
    expect(batches.at(-1)).toEqual(['d']);
    await stop();
  });

  it('asks for a new iterator after what was read when the old one has expired', async () => {
    const { clock, poller, batches, kinesis, stop } = setUp([shard(['a'])]);
    poller.start();
    await clock.advanceBy(100);
    kinesis.failures.push(Object.assign(new Error('expired'), { name: 'ExpiredIteratorException' }));
    await clock.advanceBy(10_000);
    expect(batches).toEqual([['a']]);
    expect(kinesis.iteratorTypes).toEqual(['TRIM_HORIZON', 'AFTER_SEQUENCE_NUMBER']);
    await stop();
  });

  it('starts from the horizon when its checkpoint belongs to a stream that is gone', async () => {
    const { clock, poller, batches, kinesis, stop } = setUp([shard(['a'])], undefined, { 'market/s0/f': '77' });
    poller.start();
    kinesis.failures.push(Object.assign(new Error('foreign'), { name: 'ThrottlingException' }));
    await clock.advanceBy(600);
    kinesis.failures.push(Object.assign(new Error('foreign'), { name: 'InvalidArgumentException' }));
    await clock.advanceBy(10_000);
    expect(batches).toEqual([['a']]);
    await stop();
  });

  it('reads the shards of a split after the shard that was split', async () => {
    const shards: readonly FakeShard[] = [
      { id: 'child', parent: 'old', records: ['c'] },
      { id: 'old', records: ['a', 'b'], closed: true },
    ];
    const { clock, poller, batches, stop } = setUp(shards);
    poller.start();
    await clock.advanceBy(130_000);
    expect(batches).toEqual([['a', 'b'], ['c']]);
    await stop();
  });

  it('cuts a batch that an invocation could not carry', () => {
    const record = (bytes: number, n: number) => ({
      sequenceNumber: String(n),
      partitionKey: 'k',
      data: new Uint8Array(bytes),
      arrivedAtMs: 0,
    });
    const sizes = cutBySize([record(6, 1), record(5, 2), record(20, 3), record(1, 4), record(9, 5)], 10).map((batch) =>
      batch.map((r) => r.sequenceNumber),
    );
    expect(sizes).toEqual([['1'], ['2'], ['3'], ['4', '5']]);
  });
});
