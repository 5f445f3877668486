import type { SQSBatchResponse } from 'aws-lambda';
import { runFigures } from '#shared/core/runs/run-figures.ts';
import { type JobMessage, parseJobEvent } from '#shared/messages/job-event.ts';
import { slotMsOf } from '#shared/messages/scheduled-job.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { superviseRuns } from '#shared/usecases/supervise-runs.ts';
import { warmUpSymbol } from '#shared/usecases/warm-up-symbol.ts';
import type { RunSupervisorDeps } from './deps.ts';
import type { RunSupervisorEnv } from './env.ts';
import { reportFigures } from './report-figures.ts';

/** The slot is the identity of the runs that a pass creates. */
const slotOfJob = (job: JobMessage): number => (job.type === 'schedule' ? slotMsOf(job) : job.trace.bornAtMs);

/**
 * A schedule, or an SQS batch of schedules and run-requests → a full population, warm. Asked directly a failure throws; from a
 * queue the messages that failed are named.
 */
export function createHandler(deps: RunSupervisorDeps, env: RunSupervisorEnv) {
  const { EXCHANGE: exchange, ACCOUNT: account, PROVIDENCE: settings } = env;

  async function supervise(job: JobMessage): Promise<void> {
    const facts = await superviseRuns(deps, {
      exchange,
      account,
      slotMs: slotOfJob(job),
      settings,
      gapAlarmMs: 1000 * env.GAP_ALARM_S,
    });
    for (const symbol of facts.toWarmUp) await warmUpSymbol(deps, { exchange, symbol });
    deps.telemetry.gauge(metrics.activeRuns, facts.liveBefore + facts.created, { exchange });
    // Nothing of the runs depends on what panels show.
    const rows = deps.liveRuns ? await deps.liveRuns().catch(() => null) : null;
    if (rows) reportFigures(deps.telemetry, runFigures(rows));
  }

  return async (event: unknown): Promise<SQSBatchResponse> => {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const record of parseJobEvent(event)) {
      try {
        if (record.kind === 'malformed') throw new TypeError(`not a job: ${record.error}`);
        await supervise(record.job);
      } catch (error) {
        if (record.messageId === null) throw error;
        deps.telemetry.log('error', logEvents.functionFailed, { function: 'run-supervisor', error: String(error) });
        batchItemFailures.push({ itemIdentifier: record.messageId });
      }
    }
    return { batchItemFailures };
  };
}
