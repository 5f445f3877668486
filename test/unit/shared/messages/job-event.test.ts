import { describe, expect, it } from 'vitest';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { parseJobEvent } from '#shared/messages/job-event.ts';
import { runRequest } from '#shared/messages/reconciliation-messages.ts';

const SLOT_MS = Date.UTC(2026, 5, 10, 12);
const request = runRequest('balance', 'hyperliquid', null, 'test', { correlationId: 'c', bornAtMs: 1 });
const message = (messageId: string, body: string) => ({ messageId, body, receiveCount: 1, sentAtMs: SLOT_MS });

describe('parseJobEvent', () => {
  it('reads a schedule that arrives as the whole event', () => {
    const event = scheduleEvent({ job: 'balance', cadenceMs: 900_000 }, SLOT_MS, 1);

    expect(parseJobEvent(event)).toMatchObject([
      {
        kind: 'job',
        messageId: null,
        job: { type: 'schedule', job: 'balance', scheduledTime: '2026-06-10T12:00:00.000Z' },
      },
    ]);
  });

  it('reads a schedule below a minute out of its SQS record', () => {
    const event = scheduleEvent({ job: 'balance', cadenceMs: 30_000 }, SLOT_MS, 2);

    expect(parseJobEvent(event)).toMatchObject([{ messageId: `balance-${SLOT_MS}-2`, job: { attempt: 2 } }]);
  });

  it('knows the slots of a minute apart', () => {
    const input = (offsetS: number) => ({
      v: 1,
      type: 'schedule',
      job: 'balance',
      scheduledTime: '2026-06-10T12:00:00Z',
      executionId: 'e',
      attempt: '1',
      ...(offsetS === 0 ? {} : { offsetS }),
    });
    const event = sqsEvent('q', [message('a', JSON.stringify(input(0))), message('b', JSON.stringify(input(45)))]);
    const slots = parseJobEvent(event).map((r) => r.kind === 'job' && r.job.type === 'schedule' && r.job.scheduledTime);
    expect(slots).toEqual(['2026-06-10T12:00:00Z', '2026-06-10T12:00:45.000Z']);
  });

  it('reads run-requests and names what is none', () => {
    const event = sqsEvent('run-requests', [
      message('a', JSON.stringify(request)),
      message('b', '{'),
      message('c', '{"v":2}'),
    ]);

    const records = parseJobEvent(event);

    expect(records.map((r) => [r.messageId, r.kind])).toEqual([
      ['a', 'job'],
      ['b', 'malformed'],
      ['c', 'malformed'],
    ]);
    expect(records[0]).toMatchObject({ job: request });
  });

  it.each([null, undefined, 5, 'x', [], {}, { Records: [] }, { Records: [{}] }])('calls %j malformed', (event) => {
    expect(parseJobEvent(event)).toMatchObject([{ kind: 'malformed', messageId: null }]);
  });

  it('keeps a sample of a malformed body within bounds', () => {
    const [record] = parseJobEvent(sqsEvent('q', [message('a', `"${'x'.repeat(10_000)}"`)]));

    expect(record?.kind === 'malformed' && [record.body.length, record.error.length <= 300]).toEqual([300, true]);
  });
});
