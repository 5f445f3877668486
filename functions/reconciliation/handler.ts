import type { SQSBatchResponse } from 'aws-lambda';
import { toMicros } from '#shared/core/decimal.ts';
import { OWN_TABLE } from '#shared/core/reconciliation/cycle-settings.ts';
import { settingsOf } from '#shared/messages/cycle-environment.ts';
import { parseJobEvent } from '#shared/messages/job-event.ts';
import { RECONCILIATION_JOB as JOB, runRequest } from '#shared/messages/reconciliation-messages.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { reportMalformed } from '#shared/telemetry/report-malformed.ts';
import { followUpCycle } from '#shared/usecases/follow-up-cycle.ts';
import { reconcile } from '#shared/usecases/reconcile.ts';
import { relayOutbox } from '#shared/usecases/relay-outbox.ts';
import type { ReconciliationDeps } from './deps.ts';
import type { ReconciliationEnv } from './env.ts';
import { type MergedRequest, mergeRequests } from './merge-requests.ts';
import { reportDecisions } from './report-cycle.ts';

const BUSY_ATTEMPTS_MAX = 10;
const BUSY_DELAY_SECONDS = 2;

/** A schedule, or an SQS batch of schedules and run-requests → one cycle, then its orders on their queue, cancels and alarms. */
export function createHandler(deps: ReconciliationDeps, env: ReconciliationEnv) {
  const { EXCHANGE: exchange, ACCOUNT: account, RECONCILIATION_ENGINE: engine, QUORUM: quorum } = env;
  const settings = settingsOf(env);
  const { telemetry, orderQueue } = deps;

  async function cycle(request: MergedRequest): Promise<void> {
    const installationTag = await deps.installation.tag();
    if (installationTag === null) throw new Error('no installation tag yet: the janitor has not started this database');
    const trace = request.trace ?? { correlationId: deps.ids.next(), bornAtMs: deps.clock.nowMs() };
    const outcome = await reconcile(deps, {
      exchange,
      account,
      address: env.ADDRESS,
      symbols: request.symbols,
      settings,
      useOwnTable: quorum.sources.includes(OWN_TABLE),
      livePnlAboveMicros: toMicros(engine.live_pnl_threshold),
      runStaleMs: engine.run_staleness_s * 1000,
      supervisorJob: env.SUPERVISOR_JOB,
      installationTag,
      leaseHolder: env.LEASE_HOLDER ?? null,
      trace,
    });
    if (outcome.kind !== 'done') {
      telemetry.count(metrics.decisions, 1, { exchange, kind: outcome.kind, code: outcome.kind });
      if (request.scheduled || request.attempt >= BUSY_ATTEMPTS_MAX) return;
      const again = runRequest(JOB, exchange, request.symbols, 'the planner was busy', trace, request.attempt + 1);
      await deps.delayedRequests.send([{ body: JSON.stringify(again), delaySeconds: BUSY_DELAY_SECONDS }]);
      return;
    }
    const { decisions, nowMs, cycleId } = outcome;
    reportDecisions(telemetry, { exchange, correlationId: trace.correlationId }, decisions);
    const relay = { batchSize: env.OUTBOX_BATCH_SIZE, resendAfterMs: env.OUTBOX_RESEND_AFTER_MS };
    if (outcome.stored.length > 0) await relayOutbox({ ...deps, queue: orderQueue }, { exchange, ...relay });
    const { SOURCES_RETRY_S_MAX: retryDelaySecondsMax } = env;
    const followUp = { exchange, account, cycleId, decisions, nowMs, retryDelaySecondsMax, trace };
    const { orderTtlMs } = settings;
    await followUpCycle({ ...deps, orders: orderQueue }, { ...followUp, orderTtlMs, repeatOf: request.repeatOf });
    await deps.jobs.recordOk(JOB, nowMs, { cycleId, decisions: decisions.length, orders: outcome.stored.length });
  }

  return async (event: unknown): Promise<SQSBatchResponse> => {
    const records = parseJobEvent(event);
    const jobs = records.filter((r) => r.kind === 'job');
    const failed = reportMalformed(telemetry, records);
    try {
      if (jobs.length > 0) await cycle(mergeRequests(jobs.map((r) => r.job)));
    } catch (error) {
      await deps.jobs.recordError(JOB, deps.clock.nowMs(), String(error)).catch(() => {});
      telemetry.log('error', logEvents.functionFailed, { function: JOB, error: String(error) });
      throw error;
    }
    if (failed.some((r) => r.messageId === null)) throw new TypeError('not a job');
    return { batchItemFailures: failed.map((r) => ({ itemIdentifier: r.messageId ?? '' })) };
  };
}
