import { parseJobEvent } from './job-event.ts';
import { slotMsOf } from './scheduled-job.ts';

/** Slots remembered by one process; Scheduler repeats within a minute. */
const SLOTS_MAX = 100;

interface Answer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
}

/**
 * Scheduler and queues deliver at least once. A slot that this process has worked off is left out when it comes again; one that failed
 * is not. Another process may still see a repeat: what a schedule starts is idempotent, so that costs a run and changes nothing. Events
 * that are no schedules pass as they are.
 */
export function onceEachSlot<E, C, R>(
  handler: (event: E, context: C) => Promise<R>,
): (event: E, context: C) => Promise<R> {
  const done = new Set<string>();
  const remember = (slots: Iterable<string>): void => {
    for (const slot of slots) done.add(slot);
    for (const oldest of done) {
      if (done.size <= SLOTS_MAX) break;
      done.delete(oldest);
    }
  };

  return async (event, context) => {
    const slots = slotsIn(event);
    if (slots.size === 0) return handler(event, context);
    const repeated = new Set([...slots].filter(([, slot]) => done.has(slot)).map(([messageId]) => messageId));
    const { Records } = event as { readonly Records?: readonly { readonly messageId: string }[] };
    const left = Records?.filter((record) => !repeated.has(record.messageId));
    if (Records === undefined ? repeated.size > 0 : left!.length === 0) return { batchItemFailures: [] } as R;
    const answer = await handler(repeated.size === 0 ? event : { ...event, Records: left }, context);
    const failed = new Set((answer as Answer | undefined)?.batchItemFailures?.map((failure) => failure.itemIdentifier));
    remember([...slots].filter(([messageId]) => !failed.has(messageId ?? '')).map(([, slot]) => slot));
    return answer;
  };
}

/** Events of streams are large and never schedules: only what may be one is parsed. */
function mayBeSchedule(event: unknown): boolean {
  const { Records, type } = (event ?? {}) as { readonly Records?: unknown; readonly type?: unknown };
  if (!Array.isArray(Records)) return type === 'schedule';
  return Records.some(
    ({ body }: { readonly body?: unknown }) => typeof body === 'string' && body.includes('"schedule"'),
  );
}

/** Slots of an event by message; null is the message of an event that is itself the schedule. */
function slotsIn(event: unknown): ReadonlyMap<string | null, string> {
  if (!mayBeSchedule(event)) return new Map();
  return new Map(
    parseJobEvent(event).flatMap((record) =>
      record.kind === 'job' && record.job.type === 'schedule'
        ? [[record.messageId, `${record.job.job} ${slotMsOf(record.job)}`] as const]
        : [],
    ),
  );
}
