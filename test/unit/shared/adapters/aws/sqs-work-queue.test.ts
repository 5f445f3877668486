import { SendMessageBatchCommand, type SendMessageBatchCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRunRequestQueues } from '#shared/adapters/aws/run-request-queues.ts';
import { createSqsWorkQueue, type SqsWorkQueueOptions } from '#shared/adapters/aws/sqs-work-queue.ts';
import { QueueError, type QueueMessage } from '#shared/ports/work-queue.ts';
import { awsMetrics } from '#shared/telemetry/aws-names.ts';
import { awsError, LASTING_ERRORS, TRANSIENT_ERRORS } from '#test/support/aws-errors.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const T0 = 1_763_000_000_000;
const URL = 'https://sqs.ap-northeast-1.amazonaws.com/000000000000/orders';
const FIFO_URL = `${URL}.fifo`;

interface Refusal {
  readonly Code: string;
  readonly SenderFault: boolean;
}

/** `answer` gives a message's refusal in a call, null for taken, 'silent' for nothing said of it; or throws what the call throws. */
function setUp(
  answer: (body: string, call: number) => Refusal | 'silent' | null,
  over: Partial<SqsWorkQueueOptions> = {},
) {
  const clock = manualClock(T0);
  const telemetry = new RecordingTelemetry();
  const client = new SQSClient({ region: 'ap-northeast-1' });
  const calls: { atMs: number; input: SendMessageBatchCommandInput; bodies: readonly (string | undefined)[] }[] = [];
  mockClient(client)
    .on(SendMessageBatchCommand)
    .callsFake((input: SendMessageBatchCommandInput) => {
      const entries = input.Entries ?? [];
      calls.push({ atMs: clock.nowMs() - T0, input, bodies: entries.map((entry) => entry.MessageBody) });
      const verdicts = entries.map(({ Id, MessageBody = '' }) => ({ Id, verdict: answer(MessageBody, calls.length) }));
      return {
        Successful: verdicts.filter(({ verdict }) => verdict === null).map(({ Id }) => ({ Id, MessageId: `m${Id}` })),
        Failed: verdicts.flatMap(({ Id, verdict }) =>
          verdict === null || verdict === 'silent' ? [] : [{ Id, ...verdict }],
        ),
      };
    });
  const parts = { client, clock, random: () => 0.5, telemetry, ...over };
  const queue = createSqsWorkQueue({ ...parts, queueUrl: over.queueUrl ?? URL });
  const errorOf = (messages: readonly QueueMessage[]) =>
    queue.send(messages).then(
      () => null,
      (error: unknown) => error,
    );
  return { queue, calls, telemetry, parts, errorOf };
}

const bodies = (count: number): QueueMessage[] => Array.from({ length: count }, (_, n) => ({ body: `m${n}` }));
const fifo = (body: string, groupId = 'hyperliquid:main'): QueueMessage => ({ body, groupId, deduplicationId: body });
const THROTTLED = { Code: 'RequestThrottled', SenderFault: true };
const BROKEN = { Code: 'InternalError', SenderFault: false };

describe('sending to SQS', () => {
  it('puts ten messages, and a mebibyte, into a call', async () => {
    const { queue, calls } = setUp(() => null);
    await queue.send(bodies(23));
    await queue.send(Array.from({ length: 5 }, () => ({ body: 'x'.repeat(262_144) })));

    expect(calls.map((call) => call.bodies.length)).toEqual([10, 10, 3, 4, 1]);
  });

  it('gives a FIFO queue group and deduplication id, and no delay', async () => {
    const { queue, calls } = setUp(() => null, { queueUrl: FIFO_URL });
    await queue.send([{ ...fifo('a'), delaySeconds: 0 }]);

    expect(calls[0]?.input).toEqual({
      QueueUrl: FIFO_URL,
      Entries: [{ Id: '0', MessageBody: 'a', MessageGroupId: 'hyperliquid:main', MessageDeduplicationId: 'a' }],
    });
  });

  it('gives a standard queue the delay, and neither group nor id', async () => {
    const { queue, calls } = setUp(() => null);
    await queue.send([{ ...fifo('a'), delaySeconds: 30 }, { body: 'b' }]);

    expect(calls[0]?.input.Entries).toEqual([
      { Id: '0', MessageBody: 'a', DelaySeconds: 30 },
      { Id: '1', MessageBody: 'b' },
    ]);
  });

  it('replaces ids that SQS would refuse, equal ones by equal ones', async () => {
    const { queue, calls } = setUp(() => null, { queueUrl: FIFO_URL });
    const long = 'x'.repeat(129);
    await queue.send([
      { body: '1', groupId: 'with space', deduplicationId: long },
      { body: '3', groupId: 'ä', deduplicationId: `${long}y` },
      { body: '2', groupId: 'with space', deduplicationId: long },
    ]);

    const entries = calls.flatMap((call) => call.input.Entries ?? []);
    const ids = entries.flatMap((entry) => [entry.MessageGroupId ?? '', entry.MessageDeduplicationId ?? '']);
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{1,128}$/);
    expect(ids[0]).toBe(ids[4]);
    expect(ids[1]).toBe(ids[5]);
    expect(ids[3]).not.toBe(ids[1]);
  });

  it('hands the trace of a message on', async () => {
    const header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
    const { queue, calls } = setUp(() => null, { traceHeaderOf: ({ body }) => (body === 'a' ? header : null) });
    await queue.send([{ body: 'a' }, { body: 'b' }]);

    expect(calls[0]?.input.Entries).toEqual([
      {
        Id: '0',
        MessageBody: 'a',
        MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: header } },
      },
      { Id: '1', MessageBody: 'b' },
    ]);
  });

  it.each([
    ['an empty message', { body: '' }],
    ['a message over 256 KiB', { body: '→'.repeat(100_000) }],
    ['a delay over 15 minutes', { body: 'a', delaySeconds: 901 }],
    ['a delay before now', { body: 'a', delaySeconds: -1 }],
    ['a part of a second', { body: 'a', delaySeconds: 0.5 }],
  ])('refuses %s for good, before anything is sent', async (_, message) => {
    const { errorOf, calls } = setUp(() => null);

    expect(await errorOf([{ body: 'good' }, message])).toMatchObject({ name: 'QueueError', retryable: false });
    expect(calls).toEqual([]);
  });
});

describe('a batch that SQS takes in part', () => {
  it.each([
    ['throttled', THROTTLED],
    ['broken', BROKEN],
    ['silent', 'silent'],
  ] as const)('has the rest sent again, in order and before what comes later: %s', async (_, refusal) => {
    const refusedOnce = (body: string, call: number) => (call === 1 && ['m2', 'm5'].includes(body) ? refusal : null);
    const { queue, calls, telemetry } = setUp(refusedOnce);
    await queue.send(bodies(12));

    expect(calls.map((call) => call.bodies)).toEqual([
      bodies(10).map((message) => message.body),
      ['m2', 'm5', 'm10', 'm11'],
    ]);
    expect(calls[1]?.atMs).toBe(25);
    expect(telemetry.counts.get(awsMetrics.retries)).toBe(2);
  });

  it('fails for good where a message itself was refused; the others are sent', async () => {
    const { errorOf, calls } = setUp((body) =>
      body === 'm3' ? { Code: 'InvalidMessageContents', SenderFault: true } : null,
    );

    const error = await errorOf(bodies(12));

    expect(error).toBeInstanceOf(QueueError);
    expect(error).toMatchObject({
      retryable: false,
      message: 'queue orders refused 1 of 12 messages: InvalidMessageContents',
    });
    expect(calls.flatMap((call) => call.bodies)).toHaveLength(12);
  });

  it('fails after its tries, retryable, and says how many were not taken', async () => {
    const { errorOf, calls } = setUp((body) => (body === 'm0' ? BROKEN : null));

    expect(await errorOf(bodies(2))).toMatchObject({
      retryable: true,
      message: 'queue orders: InternalError, 5 tries; 1 of 2 messages not taken',
    });
    expect(calls).toHaveLength(5);
  });

  it('waits longer each time, with full jitter up to a bound', async () => {
    const { queue, calls } = setUp((_, call) => (call < 7 ? BROKEN : null), {
      random: () => 0.999_999,
      limits: { attemptsMax: 9, backoffMinMs: 100, backoffMaxMs: 1_000 },
    });
    await queue.send(bodies(1));

    expect(calls.slice(1).map((call, index) => call.atMs - calls[index]!.atMs)).toEqual([99, 199, 399, 799, 999, 999]);
  });
});

describe('the order inside a group of a FIFO queue', () => {
  const REFUSED = { Code: 'InvalidMessageContents', SenderFault: true };
  const inTurns = (...names: readonly string[]) => names.map((name) => fifo(name, `hyperliquid:${name[0]}`));

  it('has one message of each group in a call', async () => {
    const { queue, calls } = setUp(() => null, { queueUrl: FIFO_URL });
    await queue.send(inTurns('a1', 'a2', 'b1', 'a3', 'b2', 'c1'));

    expect(calls.map((call) => call.bodies)).toEqual([['a1', 'b1', 'c1'], ['a2', 'b2'], ['a3']]);
  });

  it.each([
    ['throttled', THROTTLED],
    ['broken', BROKEN],
    ['silent', 'silent'],
  ] as const)('holds what comes later back until the message is taken: %s', async (_, refusal) => {
    const { queue, calls } = setUp((body, call) => (body === 'a1' && call <= 2 ? refusal : null), {
      queueUrl: FIFO_URL,
    });
    await queue.send(inTurns('a1', 'b1', 'a2', 'b2', 'b3'));

    expect(calls.map((call) => call.bodies)).toEqual([['a1', 'b1'], ['a1', 'b2'], ['a1', 'b3'], ['a2']]);
  });

  it('leaves what comes after a message refused for good unsent, and sends the other groups', async () => {
    const { errorOf, calls } = setUp((body) => (body === 'a2' ? REFUSED : null), { queueUrl: FIFO_URL });

    const error = await errorOf(inTurns('a1', 'b1', 'a2', 'a3', 'b2', 'a4', 'b3'));

    expect(error).toMatchObject({
      retryable: false,
      message: 'queue orders.fifo refused 3 of 7 messages: InvalidMessageContents',
    });
    expect(calls.map((call) => call.bodies)).toEqual([['a1', 'b1'], ['a2', 'b2'], ['b3']]);
  });

  it('does not pass over a message that is too large for the rest of a call', async () => {
    const { queue, calls } = setUp(() => null, { queueUrl: FIFO_URL });
    const large = (name: string) => ({ ...fifo(name, name[0]), body: name.padEnd(262_144, 'x') });
    await queue.send([...['a1', 'b1', 'c1', 'd1', 'e1'].map(large), fifo('e2', 'e'), fifo('f1', 'f')]);

    expect(calls.map((call) => call.bodies.map((body) => body?.slice(0, 2)))).toEqual([
      ['a1', 'b1', 'c1', 'd1'],
      ['e1', 'f1'],
      ['e2'],
    ]);
  });

  it('holds whatever the queue takes and refuses: what it took of a group is what was sent first', async () => {
    const verdicts = fc.constantFrom(null, null, null, THROTTLED, BROKEN, REFUSED, 'silent' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }),
        fc.array(verdicts, { minLength: 1, maxLength: 40 }),
        async (groups, answers) => {
          const sent = groups.map((group, n) => fifo(`${group}${n}`, group));
          const taken: string[] = [];
          let asked = 0;
          const { errorOf } = setUp(
            (body) => {
              const answer = answers[asked++ % answers.length] ?? null;
              if (answer === null) taken.push(body);
              return answer;
            },
            { queueUrl: FIFO_URL },
          );

          const error = await errorOf(sent);

          for (const group of ['a', 'b', 'c']) {
            const of = (bodies: readonly string[]) => bodies.filter((body) => body[0] === group);
            const inOrder = of(sent.map(({ body }) => body));
            expect(of(taken)).toEqual(inOrder.slice(0, of(taken).length));
          }
          expect(error === null).toBe(taken.length === sent.length);
        },
      ),
    );
  });
});

describe('a call to SQS that fails', () => {
  it.each(TRANSIENT_ERRORS)('is repeated after %s', async (_, error) => {
    const { queue, calls } = setUp((_body, call) => {
      if (call === 1) throw error;
      return null;
    });
    await queue.send(bodies(2));

    expect(calls.map((call) => call.bodies)).toEqual([
      ['m0', 'm1'],
      ['m0', 'm1'],
    ]);
  });

  it.each([...LASTING_ERRORS, ['a queue that is gone', awsError('QueueDoesNotExist', 400)] as const])(
    'is not repeated after %s, and the caller may try later',
    async (_, error) => {
      const { errorOf, calls } = setUp(() => {
        throw error;
      });

      const failure = await errorOf(bodies(2));

      expect(failure).toMatchObject({ name: 'QueueError', retryable: true });
      expect((failure as Error).message).not.toContain('FwoGZXIvYXdz');
      expect(calls).toHaveLength(1);
    },
  );

  it('is not repeated when the service refuses what it holds', async () => {
    const { errorOf } = setUp(() => {
      throw awsError('BatchRequestTooLong', 400);
    });

    expect(await errorOf(bodies(2))).toMatchObject({ retryable: false });
  });
});

describe('the queues of run-requests', () => {
  const queues = {
    reconciliation: [{ standard: `${URL}-r`, fifo: `${URL}-r.fifo` }],
    observer: [
      { standard: `${URL}-o1`, fifo: `${URL}-o1.fifo` },
      { standard: `${URL}-o2`, fifo: `${URL}-o2.fifo` },
    ],
  };

  it('get a request each by its job: with a group the FIFO one, without the standard one, all functions of the job', async () => {
    const { parts, calls } = setUp(() => null);
    await createRunRequestQueues({ ...parts, queues }).send([
      fifo('{"job":"reconciliation","n":1}'),
      { body: '{"job":"observer"}' },
      fifo('{"job":"reconciliation","n":2}'),
    ]);

    expect(calls.map((call) => [call.input.QueueUrl, call.bodies])).toEqual([
      [`${URL}-r.fifo`, ['{"job":"reconciliation","n":1}']],
      [`${URL}-r.fifo`, ['{"job":"reconciliation","n":2}']],
      [`${URL}-o1`, ['{"job":"observer"}']],
      [`${URL}-o2`, ['{"job":"observer"}']],
    ]);
  });

  it('send nothing for a job that this stage has no function for', async () => {
    const { parts, calls } = setUp(() => null);

    await createRunRequestQueues({ ...parts, queues: { ...queues, observer: [] } }).send([
      { body: '{"job":"observer"}' },
      fifo('{"job":"reconciliation"}'),
    ]);

    expect(calls.map((call) => call.input.QueueUrl)).toEqual([`${URL}-r.fifo`]);
  });
});
