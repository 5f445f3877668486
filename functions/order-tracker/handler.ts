import type { SQSBatchResponse } from 'aws-lambda';
import { type JobMessage, parseJobEvent } from '#shared/messages/job-event.ts';
import { ORDER_TRACKER_JOB as JOB } from '#shared/messages/reconciliation-messages.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { reportMalformed } from '#shared/telemetry/report-malformed.ts';
import { reportOddRows } from '#shared/telemetry/report-odd-rows.ts';
import { readVenueOrders } from '#shared/usecases/read-venue-orders.ts';
import { relayOutbox } from '#shared/usecases/relay-outbox.ts';
import { requestKeyCheck } from '#shared/usecases/request-key-check.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import { trackOrders } from '#shared/usecases/track-orders.ts';
import { watchAccount } from '#shared/usecases/watch-account.ts';
import type { OrderTrackerDeps } from './deps.ts';
import type { OrderTrackerEnv } from './env.ts';
import { reportRun } from './report-run.ts';

/**
 * A schedule, or an SQS batch of schedules and run-requests → one run: re-send the outbox, ask the venue, look for others on the
 * account, store what became of our orders. A batch is one run, because all of it asks about the same account.
 */
export function createHandler(deps: OrderTrackerDeps, env: OrderTrackerEnv) {
  const { EXCHANGE: exchange, ACCOUNT: account } = env;
  const { telemetry, orderQueue } = deps;
  const who = { exchange, account, memoryJob: JOB };
  /** A new process asks at once: a start tells before the first order whether the key is good. */
  let keyAskedAtMs: number | null = null;

  async function run(jobs: readonly JobMessage[]): Promise<void> {
    const installationTag = await deps.installation.tag();
    if (installationTag === null) throw new Error('no installation tag yet: the janitor has not started this database');
    const scheduled = jobs.some((job) => job.type === 'schedule');
    const asked = jobs.find((job) => job.type === 'run-request');
    const trace = asked?.trace ?? { correlationId: deps.ids.next(), bornAtMs: deps.clock.nowMs() };
    const relayed = await relayOutbox(
      { ...deps, queue: orderQueue },
      { exchange, batchSize: env.OUTBOX_BATCH_SIZE, resendAfterMs: env.OUTBOX_RESEND_AFTER_MS },
    );
    const { LOOKUPS_MAX: lookupsMax, FILLS_OVERLAP_MS: fillsOverlapMs, OPEN_ORDERS_EVERY_MS: openOrdersEveryMs } = env;
    const view = await readVenueOrders(deps, { ...who, scheduled, lookupsMax, fillsOverlapMs, openOrdersEveryMs });
    // Before the fills are stored: another writer must not be missed because of a crash in between.
    const waits = { settleMs: env.SETTLE_MS, mismatchPersistMs: env.MISMATCH_PERSIST_MS, lateFillMs: fillsOverlapMs };
    const watched = await watchAccount(deps, { ...who, installationTag, scheduled, view, ...waits });
    const tracked = await trackOrders(
      { ...deps, queue: orderQueue },
      {
        ...who,
        view,
        trace,
        notFoundGraceMs: env.NOT_FOUND_GRACE_S * 1000,
        cancelTtlMs: env.CANCEL_TTL_MS,
        reconcileDelaySeconds: env.RECONCILE_DELAY_S,
        exitRetriesMax: env.EXIT_RETRIES_MAX,
        expiredExits: relayed.expiredExits,
        unresolvedAlarmMs: env.UNRESOLVED_ALARM_MS,
      },
    );
    reportOddRows(telemetry, await setAsideOddRows(deps, exchange, view.odd));
    reportRun(telemetry, exchange, { relayed, view, watched, tracked });
    if (scheduled)
      keyAskedAtMs = (await requestKeyCheck(deps, { ...who, askedAtMs: keyAskedAtMs, trace })) ?? keyAskedAtMs;
  }

  return async (event: unknown): Promise<SQSBatchResponse> => {
    const records = parseJobEvent(event);
    const jobs = records.filter((record) => record.kind === 'job');
    const malformed = reportMalformed(telemetry, records);
    try {
      if (jobs.length > 0) await run(jobs.map((record) => record.job));
    } catch (error) {
      await deps.jobs.recordError(JOB, deps.clock.nowMs(), String(error)).catch(() => {});
      telemetry.log('error', logEvents.functionFailed, { function: JOB, error: String(error) });
      throw error;
    }
    if (malformed.some((record) => record.messageId === null)) throw new TypeError('not a job');
    return { batchItemFailures: malformed.map((record) => ({ itemIdentifier: record.messageId ?? '' })) };
  };
}
