import { KinesisClient, PutRecordsCommand, type PutRecordsCommandInput } from '@aws-sdk/client-kinesis';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { createKinesisEventStream, type KinesisEventStreamLimits } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';
import { awsMetrics } from '#shared/telemetry/aws-names.ts';
import { awsError, LASTING_ERRORS, TRANSIENT_ERRORS } from '#test/support/aws-errors.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const T0 = 1_763_000_000_000;

/** One try of a record: accepted, refused, or the answer says nothing of it. */
type Verdict = 'ok' | 'throttled' | 'failed' | 'silent';

interface Call {
  readonly atMs: number;
  readonly records: readonly string[];
  readonly keys: readonly string[];
}

/** `answer` gives each record of a call its verdict, or throws what the call throws. */
function setUp(
  answer: (data: string, call: number) => Verdict,
  limits: Partial<KinesisEventStreamLimits> = {},
  random = 0.5,
) {
  const clock = new VirtualClock(T0);
  const telemetry = new RecordingTelemetry();
  const calls: Call[] = [];
  const accepted: StreamRecord[] = [];
  const client = new KinesisClient({ region: 'ap-northeast-1' });
  // Of this client only: tests share a process.
  mockClient(client)
    .on(PutRecordsCommand)
    .callsFake((input: PutRecordsCommandInput) => {
      const records = (input.Records ?? []).map(({ PartitionKey = '', Data }) => ({
        partitionKey: PartitionKey,
        data: Buffer.from(Data ?? []).toString('utf8'),
      }));
      calls.push({
        atMs: clock.nowMs() - T0,
        records: records.map((record) => record.data),
        keys: records.map((record) => record.partitionKey),
      });
      const verdicts = records.map((record) => answer(record.data, calls.length));
      accepted.push(...records.filter((_, index) => verdicts[index] === 'ok'));
      return {
        FailedRecordCount: verdicts.filter((verdict) => verdict !== 'ok').length,
        Records: verdicts.map(resultOf),
      };
    });
  const stream = createKinesisEventStream({
    client,
    streamName: 'market',
    clock,
    random: () => random,
    telemetry,
    limits: { backoffMinMs: 100, backoffMaxMs: 1_000, ...limits },
  });
  /** The put's error, or null; time passes until it is settled. */
  const put = async (records: readonly StreamRecord[]): Promise<unknown> => {
    let settled = false;
    const result = stream.put(records).then(
      () => null,
      (error: unknown) => error,
    );
    void result.then(() => {
      settled = true;
    });
    for (let rounds = 0; !settled && rounds < 10_000; rounds += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!settled) await clock.fireNext();
    }
    return result;
  };
  return { clock, telemetry, calls, accepted, stream, put };
}

function resultOf(verdict: Verdict) {
  if (verdict === 'ok') return { SequenceNumber: '49', ShardId: 'shardId-000000000000' };
  if (verdict === 'throttled')
    return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };
  return verdict === 'failed' ? { ErrorCode: 'InternalFailure', ErrorMessage: 'Internal service failure.' } : {};
}

const record = (partitionKey: string, data: string): StreamRecord => ({ partitionKey, data });

describe('putting records on Kinesis', () => {
  it('sends one record of a key in a call, and the key’s next when it was accepted', async () => {
    const { put, calls } = setUp(() => 'ok');

    expect(await put([record('a', 'a1'), record('a', 'a2'), record('b', 'b1'), record('a', 'a3')])).toBeNull();

    expect(calls.map((call) => call.records)).toEqual([['a1', 'b1'], ['a2'], ['a3']]);
  });

  it('sends again only what was refused, while other keys go on and the refused key waits', async () => {
    const { put, calls, accepted, telemetry } = setUp((data, call) =>
      data === 'a1' && call === 1 ? 'throttled' : 'ok',
    );

    expect(await put([record('a', 'a1'), record('b', 'b1'), record('a', 'a2'), record('b', 'b2')])).toBeNull();

    expect(calls.map(({ atMs, records }) => [atMs, records])).toEqual([
      [0, ['a1', 'b1']],
      [0, ['b2']],
      [50, ['a1']],
      [50, ['a2']],
    ]);
    expect(accepted.map((one) => one.data)).toEqual(['b1', 'b2', 'a1', 'a2']);
    expect(telemetry.counts.get(awsMetrics.retries)).toBe(1);
  });

  it.each([
    ['an internal failure of a record', 'failed'],
    ['an answer that says nothing of a record', 'silent'],
  ] as const)('sends again after %s', async (_, verdict) => {
    const { put, calls } = setUp((_data, call) => (call === 1 ? verdict : 'ok'));

    expect(await put([record('a', 'a1')])).toBeNull();
    expect(calls).toHaveLength(2);
  });

  it('waits with full jitter, longer each time up to a bound', async () => {
    const { put, calls } = setUp((_, call) => (call < 6 ? 'throttled' : 'ok'), { attemptsMax: 10 }, 0.999_999);

    expect(await put([record('a', 'a1')])).toBeNull();

    const waits = calls.slice(1).map((call, index) => call.atMs - calls[index]!.atMs);
    expect(waits).toEqual([99, 199, 399, 799, 999]);
  });

  it('gives up after its tries, says how many were accepted, and sends nothing more of that put', async () => {
    const { put, calls } = setUp((data) => (data === 'a1' ? 'throttled' : 'ok'), { attemptsMax: 3 });

    const error = await put([record('b', 'b1'), record('a', 'a1'), record('a', 'a2')]);

    expect(error).toBeInstanceOf(StreamError);
    expect(error).toMatchObject({ acceptedCount: 1, retryable: true });
    expect((error as Error).message).toBe(
      'stream market: ProvisionedThroughputExceededException, 3 tries; 1 of 3 records accepted',
    );
    expect(calls.flatMap((call) => call.records)).not.toContain('a2');
  });

  it('does not let one put that fails take another with it', async () => {
    const { stream, put, accepted } = setUp((data) => (data === 'a1' ? 'throttled' : 'ok'), { attemptsMax: 2 });
    const other = stream.put([record('b', 'b1'), record('b', 'b2')]);

    expect(await put([record('a', 'a1')])).toBeInstanceOf(StreamError);
    await expect(other).resolves.toBeUndefined();
    expect(accepted.map((one) => one.data)).toEqual(['b1', 'b2']);
  });

  it('sends a new put while another waits for its next try', async () => {
    const { clock, stream, put, calls } = setUp((data, call) => (data === 'a1' && call === 1 ? 'throttled' : 'ok'));
    const first = stream.put([record('a', 'a1')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(1);

    const second = stream.put([record('b', 'b1')]);
    await new Promise((resolve) => setImmediate(resolve));

    expect(calls.map(({ atMs, records }) => [atMs, records])).toEqual([
      [0, ['a1']],
      [0, ['b1']],
    ]);
    await expect(second).resolves.toBeUndefined();
    await clock.advanceBy(1_000);
    await expect(first).resolves.toBeUndefined();
    expect(await put([])).toBeNull();
  });

  it('never sends more records or bytes in a call than the service takes', async () => {
    const { put, calls } = setUp(() => 'ok', { callBytesMax: 10_000 });
    const many = Array.from({ length: 1_201 }, (_, n) => record(`k${n}`, 'x'));
    const large = Array.from({ length: 10 }, (_, n) => record(`l${n}`, 'x'.repeat(4_000)));

    expect(await put(many)).toBeNull();
    expect(calls.map((call) => call.records.length)).toEqual([500, 500, 201]);
    expect(await put(large)).toBeNull();
    expect(calls.slice(3).map((call) => call.records.length)).toEqual([2, 2, 2, 2, 2]);
  });

  it.each([
    ['a record over 1 MiB with its key', record('k', 'x'.repeat(1_048_576))],
    ['text whose bytes are more than its characters', record('k', '→'.repeat(400_000))],
    ['an empty key', record('', 'x')],
    ['a key over 256 characters', record('k'.repeat(257), 'x')],
  ])('refuses %s for good, before anything is sent', async (_, bad) => {
    const { put, calls } = setUp(() => 'ok');

    expect(await put([record('a', 'a1'), bad])).toMatchObject({
      name: 'StreamError',
      acceptedCount: 0,
      retryable: false,
    });
    expect(calls).toEqual([]);
  });
});

describe('a call to Kinesis that fails', () => {
  it.each(TRANSIENT_ERRORS)('is repeated after %s', async (_, error) => {
    const { put, accepted } = setUp((_data, call) => {
      if (call === 1) throw error;
      return 'ok';
    });

    expect(await put([record('a', 'a1'), record('a', 'a2'), record('b', 'b1')])).toBeNull();
    expect(accepted.map((one) => one.data)).toEqual(['a1', 'b1', 'a2']);
  });

  it.each(LASTING_ERRORS)('is not repeated after %s, and the caller may try later', async (_, error) => {
    const { put, calls } = setUp(() => {
      throw error;
    });

    const failure = await put([record('a', 'a1')]);

    expect(failure).toMatchObject({ acceptedCount: 0, retryable: true });
    expect((failure as Error).message).not.toContain('FwoGZXIvYXdz');
    expect(calls).toHaveLength(1);
  });

  it('is not repeated when the service refuses what it holds', async () => {
    const { put, calls } = setUp(() => {
      throw awsError('ValidationException', 400);
    });

    expect(await put([record('a', 'a1')])).toMatchObject({ acceptedCount: 0, retryable: false });
    expect(calls).toHaveLength(1);
  });

  it('gives up when it goes on failing', async () => {
    const { put, calls } = setUp(() => {
      throw awsError('ExpiredTokenException', 403);
    });

    expect(await put([record('a', 'a1')])).toMatchObject({ retryable: true });
    expect(calls).toHaveLength(6);
  });
});

describe('back-pressure', () => {
  it('refuses a put, retryable, when too much waits already; what waits is sent', async () => {
    const { stream, put, accepted } = setUp(() => 'ok', { pendingRecordsMax: 3 });
    const first = stream.put([record('a', 'a1'), record('a', 'a2'), record('a', 'a3')]);

    await expect(stream.put([record('b', 'b1')])).rejects.toMatchObject({ acceptedCount: 0, retryable: true });
    await first;
    expect(await put([record('b', 'b1')])).toBeNull();
    expect(accepted.map((one) => one.data)).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  it('counts bytes too', async () => {
    const { stream } = setUp(() => 'ok', { pendingBytesMax: 100 });
    const first = stream.put([record('a', 'x'.repeat(80))]);

    await expect(stream.put([record('b', 'x'.repeat(30))])).rejects.toMatchObject({ retryable: true });
    await first;
    await expect(stream.put([record('b', 'x'.repeat(30))])).resolves.toBeUndefined();
  });

  it('lets a put that is larger than all bounds pass alone, or it never could', async () => {
    const { put } = setUp(() => 'ok', { pendingRecordsMax: 2 });

    expect(await put([record('a', '1'), record('b', '2'), record('c', '3')])).toBeNull();
  });
});

describe('whatever fails and whenever', () => {
  it('every accepted put is there, each key in order, and no call breaks the service’s rules', async () => {
    const verdict = fc.constantFrom<Verdict>('ok', 'ok', 'throttled', 'failed', 'silent');
    const puts = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(puts, fc.infiniteStream(verdict), async (keysOfPuts, verdicts) => {
        const { clock, stream, calls, accepted } = setUp(() => verdicts.next().value, { attemptsMax: 50 });
        const records = keysOfPuts.map((keys, p) => keys.map((key, n) => record(key, `${p}.${n}`)));
        let open = records.length;
        const done = records.map((one) => stream.put(one).finally(() => (open -= 1)));
        for (let rounds = 0; open > 0 && rounds < 5_000; rounds += 1) {
          await new Promise((resolve) => setImmediate(resolve));
          await clock.fireNext();
        }
        await Promise.all(done);
        for (const key of ['a', 'b', 'c', 'd']) {
          const of = (all: readonly StreamRecord[]) =>
            all.filter((one) => one.partitionKey === key).map((one) => one.data);
          expect(of(accepted)).toEqual(of(records.flat()));
        }
        for (const { keys } of calls) expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 50 },
    );
  });
});
