import { isDue } from '#shared/core/age.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { KEY_CHECK_EVERY_MS, REFUSED_KEY_CHECK_EVERY_MS } from '#shared/core/system/trading-key.ts';
import { type EpochMs, slotOf } from '#shared/core/time.ts';
import type { KeyCheckCommand } from '#shared/messages/order-command.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import { QueueError, type WorkQueue } from '#shared/ports/work-queue.ts';

export interface RequestKeyCheckDeps {
  readonly jobs: Pick<JobStateRepository, 'all'>;
  /** FIFO queue `orders`: only the order gateway may read a trading key. */
  readonly orderQueue: WorkQueue;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const TTL_MS = 30_000;

/** Has the gateway look at an account's key when that is due. Returns when it was asked, or null; a refused message waits for the next run. */
export async function requestKeyCheck(
  deps: RequestKeyCheckDeps,
  input: {
    readonly exchange: string;
    readonly account: string;
    /** When this process asked last; null asks in any case. */
    readonly askedAtMs: EpochMs | null;
    readonly trace: Trace;
  },
): Promise<EpochMs | null> {
  const { exchange, account, askedAtMs, trace } = input;
  const nowMs = deps.clock.nowMs();
  if (askedAtMs !== null) {
    if (!isDue(askedAtMs, nowMs, REFUSED_KEY_CHECK_EVERY_MS)) return null;
    const name = SYSTEM_JOBS.tradingKey(account);
    const known = (await deps.jobs.all()).find((row) => row.job === name);
    const isWell = known !== undefined && known.lastError === null;
    if (isWell && !isDue(known.lastOkMs, nowMs, KEY_CHECK_EVERY_MS)) return null;
  }
  const command: KeyCheckCommand = { v: 1, type: 'check-key', exchange, account, expiresAtMs: nowMs + TTL_MS, trace };
  const deduplicationId = `check-key:${exchange}:${account}:${slotOf(nowMs, TTL_MS)}`;
  try {
    await deps.orderQueue.send([{ body: JSON.stringify(command), groupId: `${exchange}:${account}`, deduplicationId }]);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    return null;
  }
  return nowMs;
}
