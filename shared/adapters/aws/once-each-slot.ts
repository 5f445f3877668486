import { parseJobEvent } from '#shared/messages/job-event.ts';
import { JANITOR_START_JOB, slotMsOf } from '#shared/messages/scheduled-job.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

/**
 * A slot ahead of our clock by more than this was sent by hand or by a wrong clock. Claimed, it would silence the schedule until
 * then.
 */
const AHEAD_MAX_MS = 5 * 60_000;

export type SlotClaims = Pick<JobStateRepository, 'claimSlot' | 'releaseSlot'>;

/** For a function without a database: a process leaves out what it has worked off itself, and hears of no other. */
export const NOBODY_ELSE: SlotClaims = { claimSlot: async () => true, releaseSlot: async () => {} };

export interface OnceEachSlotDeps {
  /** Where processes agree on who works a slot off: the database of the function, where it has one. */
  readonly slots: SlotClaims;
  readonly clock: Pick<Clock, 'nowMs'>;
}

interface Answer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
}

interface Slot {
  /** Null is the event itself. */
  readonly messageId: string | null;
  /** Name of its row: one for each schedule. */
  readonly row: string;
  readonly slotMs: number;
}

/**
 * Scheduler and queues deliver at least once, and late. A slot is claimed before it is worked off, and given back when the work failed,
 * so that its next delivery is no repeat. Of each schedule only the newest slot of a batch is worked off, and one at or before the newest
 * claimed is left out as done: what was missed is not made up for in a burst. The schedules of one minute are told apart, because
 * Scheduler may deliver each at another second: the first may well come after the second, every time.
 *
 * A process that dies at its work keeps its claim, and so does one that never heard that it has it: that slot is lost, and the next one
 * comes. Events that are no schedules pass as they are.
 */
export function onceEachSlot<E, C, R>(
  handler: (event: E, context: C) => Promise<R>,
  deps: OnceEachSlotDeps,
): (event: E, context: C) => Promise<R> {
  /** Newest slots that this process need not ask for: its own claims. Another's may be given back. */
  const ownMs = new Map<string, number>();

  async function claim({ row, slotMs }: Slot): Promise<boolean> {
    if (slotMs <= (ownMs.get(row) ?? -1)) return false;
    const claimed = await deps.slots.claimSlot(row, slotMs);
    if (claimed) ownMs.set(row, slotMs);
    return claimed;
  }

  async function release({ row, slotMs }: Slot): Promise<void> {
    ownMs.set(row, slotMs - 1);
    // The caller hears of what failed before; without this the slot is lost, and the next one comes.
    await deps.slots.releaseSlot(row, slotMs).catch(() => {});
  }

  return async (event, context) => {
    const slots = slotsIn(event).filter(({ slotMs }) => slotMs <= deps.clock.nowMs() + AHEAD_MAX_MS);
    if (slots.length === 0) return handler(event, context);
    const claimed: Slot[] = [];
    const releaseAll = () => Promise.all(claimed.map(release));
    try {
      for (const slot of newestOfEachRow(slots)) if (await claim(slot)) claimed.push(slot);
    } catch (error) {
      await releaseAll();
      throw error;
    }
    const left = leftOf(event, new Set(slots.filter((slot) => !claimed.includes(slot)).map((slot) => slot.messageId)));
    if (left === null) return { batchItemFailures: [] } as R;
    try {
      const answer = await handler(left, context);
      const failures = (answer as Answer | undefined)?.batchItemFailures ?? [];
      const failed = new Set(failures.map((failure) => failure.itemIdentifier));
      await Promise.all(claimed.filter((slot) => failed.has(slot.messageId ?? '')).map(release));
      return answer;
    } catch (error) {
      await releaseAll();
      throw error;
    }
  };
}

/** The event without the messages that nobody needs to work off; null when nothing is left of it. */
function leftOf<E>(event: E, without: ReadonlySet<string | null>): E | null {
  const { Records } = event as { readonly Records?: readonly { readonly messageId: string }[] };
  if (without.size === 0) return event;
  const left = Records?.filter((record) => !without.has(record.messageId)) ?? [];
  return left.length === 0 ? null : { ...event, Records: left };
}

function newestOfEachRow(slots: readonly Slot[]): readonly Slot[] {
  const newest = new Map<string, Slot>();
  for (const slot of slots) if (slot.slotMs > (newest.get(slot.row)?.slotMs ?? -1)) newest.set(slot.row, slot);
  return [...newest.values()];
}

/** Events of streams are large and never schedules: only what may be one is parsed. */
function mayBeSchedule(event: unknown): boolean {
  const { Records, type } = (event ?? {}) as { readonly Records?: unknown; readonly type?: unknown };
  if (!Array.isArray(Records)) return type === 'schedule';
  return Records.some(
    ({ body }: { readonly body?: unknown }) => typeof body === 'string' && body.includes('"schedule"'),
  );
}

/** The slots that an event asks for. A start is no slot: whoever deploys asks for it, by a clock of their own. */
function slotsIn(event: unknown): readonly Slot[] {
  if (!mayBeSchedule(event)) return [];
  return parseJobEvent(event).flatMap((record) => {
    if (record.kind !== 'job' || record.job.type !== 'schedule' || record.job.job === JANITOR_START_JOB) return [];
    const slotMs = slotMsOf(record.job);
    return [{ messageId: record.messageId, row: slotRow(record.job.job, slotMs), slotMs }];
  });
}

/** Beside the heartbeats, which have names of their own. */
const slotRow = (job: string, slotMs: number): string => `slot:${job}:${Math.floor((slotMs % 60_000) / 1000)}`;
