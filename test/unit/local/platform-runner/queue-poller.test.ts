import { SqsSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import { type DeleteMessageBatchCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import type { InvocationResult } from '#local/emulators/invoker.ts';
import { QueuePoller } from '#local/platform-runner/queue-poller.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const message = (id: string): Message => ({
  MessageId: id,
  Body: `{"id":"${id}"}`,
  ReceiptHandle: `r-${id}`,
  Attributes: {
    ApproximateReceiveCount: '2',
    SentTimestamp: '1000',
    ApproximateFirstReceiveTimestamp: '1001',
    MessageGroupId: 'g',
    AWSTraceHeader: 'Root=1-00000000-000000000000000000000000;Sampled=1',
  },
});

function setUp(
  result: InvocationResult,
  options: { readonly failDeletes?: number; readonly maxReceives?: number } = {},
) {
  const telemetry = new RecordingTelemetry();
  const events: unknown[] = [];
  const deleted: string[] = [];
  let failing = options.failDeletes ?? 0;
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof ReceiveMessageCommand) return { Messages: ['a', 'b', 'c'].map(message) };
    const entries = (command as DeleteMessageBatchCommand).input.Entries ?? [];
    if (failing > 0) {
      failing -= 1;
      return { Failed: [{ Id: entries[0]!.Id }] };
    }
    deleted.push(...entries.map((e) => e.ReceiptHandle!));
    return {};
  };
  const poller = new QueuePoller({
    client: { send } as never,
    queueUrl: 'http://localhost:4566/000000000000/orders.fifo',
    functionName: 'f',
    batchSize: 10,
    maxReceives: options.maxReceives ?? 3,
    invoke: async (_name, event) => {
      events.push(event);
      return result;
    },
    clock: manualClock(),
    telemetry,
  });
  return { poller, events, deleted, telemetry };
}

describe('QueuePoller', () => {
  it('hands out a genuine SQS event, trace and group included', async () => {
    const { poller, events } = setUp({ kind: 'ok', value: null });
    expect(await poller.pollOnce(0)).toBe(3);
    const { Records: records } = SqsSchema.parse(events[0]);
    expect(records.map((r) => r.messageId)).toEqual(['a', 'b', 'c']);
    expect(records[0]!.attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      MessageGroupId: 'g',
      AWSTraceHeader: 'Root=1-00000000-000000000000000000000000;Sampled=1',
    });
    expect(records[0]!.eventSourceARN).toContain(':orders.fifo');
  });

  it.each([
    ['none of those that come again', 3, 0],
    ['what failed at its last receive', 2, 1],
  ])('counts as dead %s', async (_what, maxReceives, dead) => {
    const failed = { kind: 'ok', value: { batchItemFailures: [{ itemIdentifier: 'b' }] } } as const;
    const { poller, telemetry } = setUp(failed, { maxReceives });

    await poller.pollOnce(0);

    expect(telemetry.counts.get('queue_messages_dead')).toBe(dead);
  });

  it.each<[string, InvocationResult, string[]]>([
    ['all when none is reported', { kind: 'ok', value: undefined }, ['r-a', 'r-b', 'r-c']],
    [
      'those that are not reported as failed',
      { kind: 'ok', value: { batchItemFailures: [{ itemIdentifier: 'b' }] } },
      ['r-a', 'r-c'],
    ],
    ['none when the function fails', { kind: 'failed', error: new Error('no') }, []],
    [
      'none when the answer names a stranger',
      { kind: 'ok', value: { batchItemFailures: [{ itemIdentifier: 'x' }] } },
      [],
    ],
  ])('deletes %s', async (_what, result, expected) => {
    const { poller, deleted } = setUp(result);
    await poller.pollOnce(0);
    expect(deleted).toEqual(expected);
  });

  it('deletes again what SQS did not delete, and says so when it gives up', async () => {
    const once = setUp({ kind: 'ok', value: null }, { failDeletes: 1 });
    await once.poller.pollOnce(0);
    expect(once.deleted).toEqual(['r-a']);
    const never = setUp({ kind: 'ok', value: null }, { failDeletes: 9 });
    await never.poller.pollOnce(0);
    expect(never.deleted).toEqual([]);
    expect(never.telemetry.logs.map((l) => l.fields.count)).toEqual([1]);
  });
});
