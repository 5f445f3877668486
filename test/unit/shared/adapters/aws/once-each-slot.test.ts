import { describe, expect, it } from 'vitest';
import { NOBODY_ELSE, onceEachSlot, type SlotClaims } from '#shared/adapters/aws/once-each-slot.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

const MINUTE = '2026-11-20T10:00:00Z';
const NEXT = '2026-11-20T10:01:00Z';
const clock = { nowMs: () => Date.parse(MINUTE) + 70_000 };
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

const jobStates = () => sqlJobStateRepository(memoryDatabase(), 'hyperliquid');

/** A handler that records what reached it and fails the messages it is told to. */
function room(slots: SlotClaims = jobStates()) {
  const seen: number[] = [];
  let failing: readonly string[] = [];
  const work = async (event: Event, _context: unknown) => {
    seen.push(event.Records?.length ?? 1);
    return { batchItemFailures: failing.map((itemIdentifier) => ({ itemIdentifier })) };
  };
  const handler = onceEachSlot(work, { slots, clock });
  return {
    seen,
    handle: (event: unknown) => handler(event as Event, null),
    fail: (...ids: string[]) => (failing = ids),
  };
}

describe.each([
  ['of a function with a database', jobStates],
  ['of one without', () => NOBODY_ELSE],
])('a slot %s', (_, slots) => {
  it('is worked off once, however often it is delivered', async () => {
    const { seen, handle } = room(slots());
    await handle(sqs(schedule()));
    const again = await handle(sqs(schedule({ attempt: '2', executionId: 'other' })));

    expect(seen).toEqual([1]);
    expect(again).toEqual({ batchItemFailures: [] });
  });

  it('is told from the other slots of its minute by its offset, and from those of other jobs', async () => {
    const { seen, handle } = room(slots());
    for (const over of [{}, { offsetS: 30 }, { job: 'balance' }, { scheduledTime: NEXT }]) {
      await handle(sqs(schedule(over)));
    }
    expect(seen).toEqual([1, 1, 1, 1]);
  });

  it('that failed is tried again', async () => {
    const { seen, handle, fail } = room(slots());
    fail('m0');
    await handle(sqs(schedule()));
    fail();
    await handle(sqs(schedule()));
    await handle(sqs(schedule()));

    expect(seen).toEqual([1, 1]);
  });

  it('that threw is tried again', async () => {
    let calls = 0;
    const work = async () => {
      calls += 1;
      if (calls === 1) throw new Error('no');
    };
    const handler = onceEachSlot(work, { slots: slots(), clock });
    await expect(handler(schedule(), null)).rejects.toThrow('no');
    await handler(schedule(), null);
    await handler(schedule(), null);

    expect(calls).toBe(2);
  });

  it('is left out of a batch whose other messages are new', async () => {
    const { seen, handle } = room(slots());
    await handle(sqs(schedule()));
    await handle(sqs(schedule(), schedule({ offsetS: 30 }), request));

    expect(seen).toEqual([1, 2]);
  });

  it('is not what a request is, nor a record of a stream, nor nonsense: those always pass', async () => {
    const { seen, handle } = room(slots());
    const stream = { Records: [{ kinesis: { data: '' } }] };
    for (const event of [sqs(request), sqs(request), stream, stream, { hello: 1 }, null]) {
      await handle(event ?? {});
    }
    expect(seen).toHaveLength(6);
  });

  it('is dropped when a later one of its schedule was worked off, and not when one of another schedule was', async () => {
    const { seen, handle } = room(slots());
    await handle(sqs(schedule({ scheduledTime: NEXT })));
    await handle(sqs(schedule({ offsetS: 30 })));
    await handle(sqs(schedule()));

    expect(seen).toEqual([1, 1]);
  });

  it('that failed is not followed by an older one of its schedule', async () => {
    const { seen, handle, fail } = room(slots());
    fail('m0');
    await handle(sqs(schedule({ scheduledTime: NEXT })));
    await handle(sqs(schedule()));

    expect(seen).toEqual([1]);
  });

  it('of a backlog is the newest of each schedule', async () => {
    const { seen, handle } = room(slots());
    const batch = sqs(schedule({ scheduledTime: NEXT }), schedule(), schedule({ offsetS: 30 }), schedule(), request);
    await handle(batch);

    // The next minute's, that of second 30, and the request.
    expect(seen).toEqual([3]);
  });

  it('far ahead of the clock is worked off and silences nothing', async () => {
    const { seen, handle } = room(slots());
    await handle(schedule({ scheduledTime: '2030-01-01T00:00:00Z' }));
    await handle(schedule());

    expect(seen).toEqual([1, 1]);
  });

  it('is no start: a deployment by a slow clock starts the platform, too', async () => {
    const { seen, handle } = room(slots());
    await handle(schedule({ job: 'janitor-start', scheduledTime: NEXT }));
    await handle(schedule({ job: 'janitor-start' }));

    expect(seen).toEqual([1, 1]);
  });
});

describe('a slot that another process', () => {
  it('works off is left alone', async () => {
    const slots = jobStates();
    const [first, second] = [room(slots), room(slots)];
    await first.handle(sqs(schedule()));
    await second.handle(sqs(schedule({ attempt: '2' })));

    expect([first.seen, second.seen]).toEqual([[1], []]);
  });

  it('failed at is worked off here, also after it was refused here', async () => {
    const slots = jobStates();
    const second = room(slots);
    const whileFirstWorks = async () => {
      await second.handle(schedule());
      throw new Error('no');
    };
    await expect(onceEachSlot(whileFirstWorks, { slots, clock })(schedule(), null)).rejects.toThrow('no');
    await second.handle(schedule());

    expect(second.seen).toEqual([1]);
  });
});

describe('the claim of a slot', () => {
  it('that cannot be asked for leaves the event to its next delivery, and gives back what was claimed', async () => {
    const jobs = jobStates();
    let down = true;
    const slots: SlotClaims = {
      ...jobs,
      claimSlot: async (row, slotMs) => {
        if (down && row.startsWith('slot:balance')) throw new Error('resuming');
        return jobs.claimSlot(row, slotMs);
      },
    };
    const { seen, handle } = room(slots);
    const batch = sqs(schedule(), schedule({ job: 'balance' }));
    await expect(handle(batch)).rejects.toThrow('resuming');
    down = false;
    await handle(batch);

    expect(seen).toEqual([2]);
  });

  it('that cannot be given back hides nothing of what failed', async () => {
    const slots: SlotClaims = {
      ...jobStates(),
      releaseSlot: async () => {
        throw new Error('database gone');
      },
    };
    const work = async () => {
      throw new Error('venue gone');
    };
    await expect(onceEachSlot(work, { slots, clock })(schedule(), null)).rejects.toThrow('venue gone');
  });
});
