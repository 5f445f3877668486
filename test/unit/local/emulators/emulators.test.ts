import { KinesisDataStreamSchema } from '@aws-lambda-powertools/parser/schemas/kinesis';
import { SqsSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Invoker } from '#local/emulators/invoker.ts';
import { QueueEmulator, type QueueSpec } from '#local/emulators/queue-emulator.ts';
import { ScheduleEmulator } from '#local/emulators/schedule-emulator.ts';
import { StreamEmulator } from '#local/emulators/stream-emulator.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { scheduledJobSchema } from '#shared/messages/scheduled-job.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

interface Letter {
  recordId: string;
  payload: string;
  error: string;
}

function setUp() {
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:10Z'));
  const telemetry = new RecordingTelemetry();
  const invoker = new Invoker(clock, telemetry);
  const letters: Letter[] = [];
  const deadLetters = { store: async (letter: Letter) => void letters.push(letter) };
  return { clock, telemetry, invoker, letters, deps: { clock, telemetry, invoker, deadLetters } };
}

type Records = { Records: { body: string; messageId: string; kinesis: { data: string; sequenceNumber: string } }[] };
const dataOf = (event: unknown) =>
  (event as Records).Records.map((r) => Buffer.from(r.kinesis.data, 'base64').toString('utf8'));
const bodiesOf = (event: unknown) => (event as Records).Records.map((r) => r.body);

describe('StreamEmulator', () => {
  const consumer = { functionName: 'f', batchSize: 10, batchWindowMs: 1_000, maxRetries: 2, maxRecordAgeMs: 600_000 };
  const record = (data: string) => ({ partitionKey: 'k', data });

  it('hands out one batch per window, as a genuine Kinesis event', async () => {
    const { clock, invoker, deps } = setUp();
    const events: unknown[] = [];
    invoker.register('f', async (event) => void events.push(event), 5_000);
    const stream = new StreamEmulator('market', deps, { capacityRecords: 100 });
    stream.addConsumer(consumer);
    await stream.put([record('{"a":1}')]);
    await clock.advanceBy(500);
    await stream.put([record('{"a":2}')]);
    await clock.advanceBy(600);
    expect(events.map(dataOf)).toEqual([['{"a":1}', '{"a":2}']]);
    expect(() => KinesisDataStreamSchema.parse(events[0])).not.toThrow();
  });

  it('buries a poison record with its payload after bounded retries and moves on', async () => {
    const { clock, invoker, letters, deps } = setUp();
    const seen: string[] = [];
    invoker.register(
      'f',
      async (event) => {
        const data = dataOf(event);
        if (data.includes('poison')) throw new Error('cannot read');
        seen.push(...data);
      },
      5_000,
    );
    const stream = new StreamEmulator('market', deps, { capacityRecords: 100 });
    stream.addConsumer(consumer);
    await stream.put(['a', 'b', 'poison', 'c'].map(record));
    await clock.advanceBy(60_000);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(letters).toMatchObject([{ payload: 'poison', error: 'cannot read' }]);
    expect(stream.backlog).toBe(0);
  });

  it('checkpoints at the lowest reported failure and delivers the rest again', async () => {
    const { clock, invoker, deps } = setUp();
    const batches: string[][] = [];
    invoker.register(
      'f',
      async (event) => {
        const records = (event as Records).Records;
        batches.push(dataOf(event));
        if (batches.length > 1) return undefined;
        return { batchItemFailures: [{ itemIdentifier: records[2]!.kinesis.sequenceNumber }] };
      },
      5_000,
    );
    const stream = new StreamEmulator('market', deps, { capacityRecords: 100 });
    stream.addConsumer(consumer);
    await stream.put(['a', 'b', 'c', 'd'].map(record));
    await clock.advanceBy(10_000);
    expect(batches[0]).toEqual(['a', 'b', 'c', 'd']);
    expect(batches.slice(1).flat()).toEqual(['c', 'd']);
  });

  it('tells how long the oldest record waits for each consumer', async () => {
    const { clock, invoker, deps, telemetry } = setUp();
    invoker.register('f', async () => clock.sleep(3_000), 5_000);
    const stream = new StreamEmulator('market', deps, { capacityRecords: 100 });
    stream.addConsumer(consumer);
    const lag = () => {
      stream.reportLag();
      return telemetry.gauges.get(metrics.streamLag);
    };
    expect(lag()).toBe(0);
    await stream.put([record('a')]);
    await clock.advanceBy(2_500);
    await stream.put([record('b')]);
    expect(lag()).toBe(2_500);
    await clock.advanceBy(2_000);
    expect(lag(), 'the second record, taken up when the first was done').toBe(2_000);
    await clock.advanceBy(10_000);
    expect(lag()).toBe(0);
  });

  it('delivers a batch once more, before anything later, when its checkpoint was lost', async () => {
    const { clock, invoker, deps } = setUp();
    const batches: string[][] = [];
    invoker.register('f', async (event) => void batches.push(dataOf(event)), 5_000);
    let lost = 1;
    const redelivery = () => (lost-- > 0 ? 3_000 : null);
    const stream = new StreamEmulator('market', { ...deps, redelivery }, { capacityRecords: 100 });
    stream.addConsumer(consumer);
    await stream.put(['a', 'b'].map(record));
    await clock.advanceBy(2_000);
    await stream.put([record('c')]);
    await clock.advanceBy(1_900);
    expect(batches).toEqual([['a', 'b']]);
    await clock.advanceBy(5_000);
    expect(batches).toEqual([['a', 'b'], ['a', 'b'], ['c']]);
    expect(stream.backlog).toBe(0);
  });

  it('refuses a put when it is full', async () => {
    const { invoker, deps } = setUp();
    invoker.register('f', async () => undefined, 5_000);
    const stream = new StreamEmulator('market', deps, { capacityRecords: 1 });
    stream.addConsumer(consumer);
    await expect(stream.put(['a', 'b'].map(record))).rejects.toMatchObject({ name: 'StreamError', acceptedCount: 1 });
  });

  it('gives every record to every consumer in order, whatever fails in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (fails, batchSize) => {
          const { clock, invoker, deps } = setUp();
          const done: string[] = [];
          let call = 0;
          invoker.register(
            'f',
            async (event) => {
              call += 1;
              if (fails[call]) throw new Error('transient');
              for (const d of dataOf(event)) if (!done.includes(d)) done.push(d);
            },
            5_000,
          );
          const stream = new StreamEmulator('s', deps, { capacityRecords: 1_000 });
          stream.addConsumer({ ...consumer, batchSize, maxRetries: 100 });
          const all = Array.from({ length: 25 }, (_, i) => `r${i}`);
          await stream.put(all.map(record));
          await clock.advanceBy(3_600_000);
          expect(done).toEqual(all);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('QueueEmulator', () => {
  const spec: QueueSpec = {
    fifo: false,
    functionName: 'f',
    batchSize: 10,
    maxConcurrency: 2,
    visibilityMs: 30_000,
    maxReceiveCount: 3,
    capacityMessages: 100,
  };

  it('hands out a genuine SQS event and forgets what succeeded', async () => {
    const { clock, invoker, deps, telemetry } = setUp();
    const events: unknown[] = [];
    invoker.register('f', async (event) => void events.push(event), 5_000);
    const queue = new QueueEmulator('jobs', deps, spec);
    await queue.send([{ body: 'a' }, { body: 'b', delaySeconds: 20 }]);
    await clock.advanceBy(10);
    expect(events.map(bodiesOf)).toEqual([['a']]);
    queue.reportDepth();
    expect(telemetry.gauges.get(metrics.queueDepth)).toBe(1);
    await clock.advanceBy(20_000);
    expect(events.map(bodiesOf)).toEqual([['a'], ['b']]);
    queue.reportDepth();
    expect(telemetry.gauges.get(metrics.queueDepth)).toBe(0);
    expect(() => SqsSchema.parse(events[0])).not.toThrow();
    expect(queue.backlog).toBe(0);
  });

  it('delivers what succeeded once more when its deletion was lost, its group waiting behind it, and never buries it', async () => {
    const { clock, invoker, letters, deps } = setUp();
    const seen: string[] = [];
    invoker.register('f', async (event) => void seen.push(...bodiesOf(event)), 5_000);
    // Every deletion is lost: only the number of receives ends it.
    const queue = new QueueEmulator(
      'orders',
      { ...deps, redelivery: () => 2_000 },
      { ...spec, fifo: true, batchSize: 1 },
    );
    await queue.send(['a', 'b'].map((body) => ({ body, groupId: 'g', deduplicationId: body })));
    await clock.advanceBy(60_000);
    expect(seen).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    expect(letters).toEqual([]);
    expect(queue.backlog).toBe(0);
  });

  it('shows a failed message again after its visibility timeout, then buries it', async () => {
    const { clock, invoker, letters, deps } = setUp();
    const at: number[] = [];
    invoker.register(
      'f',
      async () => {
        at.push(clock.nowMs());
        throw new Error('no');
      },
      5_000,
    );
    const queue = new QueueEmulator('jobs', deps, spec);
    await queue.send([{ body: 'x' }]);
    await clock.advanceBy(300_000);
    expect(at.map((t) => t - at[0]!)).toEqual([0, 30_000, 60_000]);
    expect(letters).toMatchObject([{ payload: 'x' }]);
    expect(queue.backlog).toBe(0);
  });

  it('keeps a FIFO group in order and one batch at a time while other groups go on', async () => {
    const { clock, invoker, deps } = setUp();
    const seen: string[] = [];
    let failFirst = true;
    invoker.register(
      'f',
      async (event) => {
        const [body] = bodiesOf(event);
        if (body === 'a1' && failFirst) {
          failFirst = false;
          throw new Error('later');
        }
        await clock.sleep(1_000);
        seen.push(body!);
      },
      60_000,
    );
    const queue = new QueueEmulator('orders', deps, { ...spec, fifo: true, batchSize: 1 });
    const message = (body: string) => ({ body, groupId: body[0]!, deduplicationId: body });
    await queue.send(['a1', 'a2', 'b1', 'a1'].map(message));
    await clock.advanceBy(120_000);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });

  it('hands over in the turn of the sender when told so, still one batch of a group at a time', async () => {
    const { clock, invoker, deps } = setUp();
    const seen: string[] = [];
    invoker.register(
      'f',
      async (event) => {
        seen.push(`begins ${bodiesOf(event)}`);
        await Promise.resolve();
        seen.push(`ends ${bodiesOf(event)}`);
      },
      60_000,
    );
    const queue = new QueueEmulator('orders', deps, { ...spec, fifo: true, batchSize: 1, atOnce: true });
    const message = (body: string) => ({ body, groupId: 'g', deduplicationId: body });
    const before = clock.nowMs();

    await queue.send([message('1'), message('2')]);
    // No timer fires: only what is a chain of promises comes to its end.
    await new Promise((resolve) => setImmediate(resolve));

    expect(clock.nowMs()).toBe(before);
    expect(seen).toEqual(['begins 1', 'ends 1', 'begins 2', 'ends 2']);
    expect(queue.backlog).toBe(0);
  });

  it('refuses a FIFO message without group or deduplication id', async () => {
    const { invoker, deps } = setUp();
    invoker.register('f', async () => undefined, 5_000);
    const queue = new QueueEmulator('orders', deps, { ...spec, fifo: true });
    await expect(queue.send([{ body: 'x' }])).rejects.toThrow('FIFO');
  });
});

describe('ScheduleEmulator', () => {
  it('fires once per slot with the Input of the schedule', async () => {
    const { clock, invoker, telemetry } = setUp();
    const inputs: unknown[] = [];
    invoker.register('f', async (event) => void inputs.push(event), 5_000);
    const schedules = new ScheduleEmulator(clock, invoker, telemetry);
    schedules.start({ job: 'supervise', functionName: 'f', cadenceMs: 60_000 });
    await clock.advanceBy(180_000);
    expect(inputs.map((i) => scheduledJobSchema.parse(i).scheduledTime)).toEqual([
      '2026-01-01T00:01:00.000Z',
      '2026-01-01T00:02:00.000Z',
      '2026-01-01T00:03:00.000Z',
    ]);
  });

  it('delivers a cadence below a minute through an SQS record', async () => {
    const { clock, invoker, telemetry } = setUp();
    const events: unknown[] = [];
    invoker.register('f', async (event) => void events.push(event), 5_000);
    const schedules = new ScheduleEmulator(clock, invoker, telemetry);
    schedules.start({ job: 'balance', functionName: 'f', cadenceMs: 30_000 });
    await clock.advanceBy(30_000);
    const [event] = events as [Records];
    expect(() => SqsSchema.parse(event)).not.toThrow();
    expect(scheduledJobSchema.parse(JSON.parse(event.Records[0]!.body)).job).toBe('balance');
  });

  it('drops the slots missed in a sleep of the machine instead of firing them in a burst', async () => {
    let now = 0;
    const timers: { atMs: number; fn: () => void }[] = [];
    const clock = {
      nowMs: () => now,
      setTimer: (delayMs: number, fn: () => void) => {
        const timer = { atMs: now + delayMs, fn };
        timers.push(timer);
        return { cancel: () => void timers.splice(timers.indexOf(timer), 1) };
      },
      sleep: () => Promise.resolve(),
    };
    const telemetry = new RecordingTelemetry();
    const invoker = new Invoker(clock, telemetry);
    const fired: unknown[] = [];
    invoker.register('f', async (event) => void fired.push(event), 5_000);
    new ScheduleEmulator(clock, invoker, telemetry).start({ job: 'j', functionName: 'f', cadenceMs: 60_000 });
    now = 3_600_000 + 5;
    timers.shift()!.fn();
    await Promise.resolve();
    expect(fired).toHaveLength(1);
    expect(telemetry.counts.get('schedule_slots_dropped')).toBe(59);
    expect(timers.some((t) => t.atMs === 3_660_000)).toBe(true);
  });

  it('does not let a slow job overlap itself', async () => {
    const { clock, invoker, telemetry } = setUp();
    let running = 0;
    let most = 0;
    invoker.register(
      'f',
      async () => {
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(150_000);
        running -= 1;
      },
      300_000,
    );
    new ScheduleEmulator(clock, invoker, telemetry).start({ job: 'j', functionName: 'f', cadenceMs: 60_000 });
    await clock.advanceBy(600_000);
    expect(most).toBe(1);
    expect(telemetry.counts.get('schedule_slots_overlapped')).toBeGreaterThan(0);
  });
});

describe('Invoker', () => {
  it('lets a serial function run one invocation at a time, in order', async () => {
    const { clock, invoker } = setUp();
    const seen: string[] = [];
    const handler = async (event: unknown) => {
      seen.push(`${event} begins`);
      await clock.sleep(1_000);
      seen.push(`${event} ends`);
    };
    invoker.register('one', handler, 5_000, { serial: true });
    const both = Promise.all([invoker.invoke('one', 'a'), invoker.invoke('one', 'b')]);
    await clock.advanceBy(3_000);
    await both;
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('answers a hanging handler as failed at its timeout', async () => {
    const { clock, invoker } = setUp();
    invoker.register('hang', () => new Promise(() => {}), 3_000);
    const result = invoker.invoke('hang', {});
    await clock.advanceBy(3_000);
    expect(await result).toMatchObject({ kind: 'failed', error: { message: 'hang timed out after 3000 ms' } });
    expect(invoker.counts()).toEqual({ hang: 1 });
  });
});
