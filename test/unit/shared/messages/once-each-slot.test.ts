import { describe, expect, it } from 'vitest';
import { onceEachSlot } from '#shared/messages/once-each-slot.ts';

const MINUTE = '2026-11-20T10:00:00Z';
const schedule = (over: Readonly<Record<string, unknown>> = {}) => ({
  v: 1,
  type: 'schedule',
  job: 'janitor',
  scheduledTime: MINUTE,
  executionId: 'e',
  attempt: '1',
  ...over,
});
const request = {
  v: 1,
  type: 'run-request',
  job: 'janitor',
  exchange: 'hyperliquid',
  symbols: null,
  reason: 'test',
  trace: { correlationId: 'c', bornAtMs: 1 },
};
const sqs = (...bodies: readonly unknown[]) => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body: JSON.stringify(body) })),
});

type Event = { readonly Records?: readonly { readonly messageId: string; readonly body: string }[] };

/** A handler that records what reached it and fails the messages it is told to. */
function room() {
  const seen: number[] = [];
  let failing: readonly string[] = [];
  const handler = onceEachSlot(async (event: Event, _context: unknown) => {
    seen.push(event.Records?.length ?? 1);
    return { batchItemFailures: failing.map((itemIdentifier) => ({ itemIdentifier })) };
  });
  return {
    seen,
    handle: (event: unknown) => handler(event as Event, null),
    fail: (...ids: string[]) => (failing = ids),
  };
}

describe('a slot', () => {
  it('is worked off once, however often it is delivered', async () => {
    const { seen, handle } = room();
    await handle(sqs(schedule()));
    const again = await handle(sqs(schedule({ attempt: '2', executionId: 'other' })));

    expect(seen).toEqual([1]);
    expect(again).toEqual({ batchItemFailures: [] });
  });

  it('is told from the other slots of its minute by its offset, and from those of other jobs', async () => {
    const { seen, handle } = room();
    for (const over of [{}, { offsetS: 30 }, { job: 'balance' }, { scheduledTime: '2026-11-20T10:01:00Z' }]) {
      await handle(sqs(schedule(over)));
    }
    expect(seen).toEqual([1, 1, 1, 1]);
  });

  it('that failed is tried again', async () => {
    const { seen, handle, fail } = room();
    fail('m0');
    await handle(sqs(schedule()));
    fail();
    await handle(sqs(schedule()));
    await handle(sqs(schedule()));

    expect(seen).toEqual([1, 1]);
  });

  it('that threw is tried again', async () => {
    let calls = 0;
    const handler = onceEachSlot(async () => {
      calls += 1;
      if (calls === 1) throw new Error('no');
    });
    await expect(handler(schedule(), null)).rejects.toThrow('no');
    await handler(schedule(), null);
    await handler(schedule(), null);

    expect(calls).toBe(2);
  });

  it('is left out of a batch whose other messages are new', async () => {
    const { seen, handle } = room();
    await handle(sqs(schedule()));
    await handle(sqs(schedule(), schedule({ offsetS: 30 }), request));

    expect(seen).toEqual([1, 2]);
  });

  it('is not what a request is, nor a record of a stream, nor nonsense: those always pass', async () => {
    const { seen, handle } = room();
    const stream = { Records: [{ kinesis: { data: '' } }] };
    for (const event of [sqs(request), sqs(request), stream, stream, { hello: 1 }, null]) {
      await handle(event ?? {});
    }
    expect(seen).toHaveLength(6);
  });

  it('is forgotten after a hundred others', async () => {
    const { seen, handle } = room();
    const at = (minute: number) => schedule({ scheduledTime: new Date(minute * 60_000).toISOString() });
    for (let minute = 0; minute <= 100; minute += 1) await handle(sqs(at(minute)));
    await handle(sqs(at(0)));
    await handle(sqs(at(100)));

    expect(seen).toHaveLength(102);
  });
});
