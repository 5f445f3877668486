import { afterAll, describe, expect, it } from 'vitest';
import { createRunRequestQueues } from '#shared/adapters/aws/run-request-queues.ts';
import { createSqsWorkQueue } from '#shared/adapters/aws/sqs-work-queue.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { hasAws, isEmulator, newQueue, removeAwsResources, sqs } from '#test/support/aws-under-test.ts';
import { workQueueContract } from './work-queue.contract.ts';

afterAll(removeAwsResources);

const parts = { client: sqs, clock: systemClock, random: Math.random };

describe.skipIf(!hasAws)('on AWS', () => {
  workQueueContract('SQS', async ({ fifo }) => {
    const { queueUrl, received } = await newQueue(fifo);
    return {
      queue: createSqsWorkQueue({ ...parts, queueUrl, fifo }),
      received: async (count) =>
        (await received(count)).map(({ Body = '', Attributes }) => ({
          body: Body,
          groupId: Attributes?.MessageGroupId ?? null,
        })),
    };
  });

  // The emulator drops the attribute; test/unit/shared/adapters/aws shows that it is sent.
  it.skipIf(isEmulator)('hands the trace on to whoever receives the message', async () => {
    const { queueUrl, received } = await newQueue(true);
    const header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    const queue = createSqsWorkQueue({ ...parts, queueUrl, traceHeaderOf: () => header });
    await queue.send([{ body: 'a', groupId: 'g', deduplicationId: 'a' }]);

    const [message] = await received(1);

    expect(message?.Attributes?.AWSTraceHeader).toBe(header);
  });

  it('sends a run-request to the queues of its job: with a group to the FIFO ones, without to the standard ones', async () => {
    const [standard, fifo, second] = await Promise.all([newQueue(false), newQueue(true), newQueue(true)]);
    const queues = createRunRequestQueues({
      ...parts,
      queues: {
        reconciliation: [{ standard: standard.queueUrl, fifo: fifo.queueUrl }],
        observer: [{ standard: standard.queueUrl, fifo: second.queueUrl }],
      },
    });
    await queues.send([
      { body: '{"job":"reconciliation","n":1}', groupId: 'g', deduplicationId: '1' },
      { body: '{"job":"reconciliation","n":2}' },
      { body: '{"job":"observer","n":3}', groupId: 'g', deduplicationId: '3' },
    ]);

    const bodiesOf = async (queue: typeof fifo) => (await queue.received(1)).map((message) => message.Body);
    expect(await bodiesOf(fifo)).toEqual(['{"job":"reconciliation","n":1}']);
    expect(await bodiesOf(standard)).toEqual(['{"job":"reconciliation","n":2}']);
    expect(await bodiesOf(second)).toEqual(['{"job":"observer","n":3}']);
  });
});
