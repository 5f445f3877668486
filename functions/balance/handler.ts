import type { SQSBatchResponse } from 'aws-lambda';
import { moneyRules } from '#shared/core/reconciliation/cycle-settings.ts';
import { type JobRecord, parseJobEvent } from '#shared/messages/job-event.ts';
import type { Trace } from '#shared/messages/trace.ts';
import { countDrop, type DropCode, type Wall } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { reportOddRows } from '#shared/telemetry/report-odd-rows.ts';
import { refreshBalances, SETTLING } from '#shared/usecases/refresh-balances.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import type { BalanceDeps } from './deps.ts';
import type { BalanceEnv } from './env.ts';
import { alertOfMoney, reportAccount } from './report-account.ts';

const JOB = 'balance';

/**
 * A schedule, or an SQS batch of schedules and run-requests → one newer snapshot. A batch is one reading: the account is the
 * same. A failure throws when asked directly; from a queue every message of the batch comes again.
 */
export function createHandler(deps: BalanceDeps, env: BalanceEnv) {
  const { EXCHANGE: exchange, ACCOUNT: account, ADDRESS: address } = env;
  const { telemetry } = deps;
  const rules = moneyRules(env.QUORUM, env.CONFIRMATIONS);

  async function refresh(trace: Trace): Promise<void> {
    const facts = await refreshBalances(deps, { exchange, account, address, rules, trace });
    const { state, kind, verdict, transfersError, odd, partly } = facts;
    if (kind === 'stored' && state.complete && state.money !== null)
      reportAccount(telemetry, state.money, state.positions, { exchange, account });
    await alertOfMoney(deps.alerts, facts, { exchange, account });
    if (verdict?.kind === 'doubted') drop('equity', verdict.doubt.code, verdict.doubt.numbers);
    for (const { name, complete, error } of state.subAccounts) {
      if (!complete) drop('sub-account', 'not-read', { name, error });
    }
    if (kind === 'from-the-future') drop('account-view', kind, { venueTimeMs: state.venueTimeMs });
    // A deposit is no trouble: the next point of the curve shows it.
    if (transfersError !== null && transfersError !== SETTLING)
      drop('transfers', 'not-read', { error: transfersError });
    // After the snapshot: a crash in between repeats the look at rows that are still new.
    reportOddRows(telemetry, await setAsideOddRows(deps, exchange, odd));
    await deps.jobs.recordOk(JOB, deps.clock.nowMs(), {
      kind,
      partly,
      complete: state.complete,
      money: verdict?.kind === 'doubted' ? verdict.doubt.code : 'believed',
      venueTimeMs: state.venueTimeMs,
    });
  }

  function drop<W extends Wall>(what: W, code: DropCode<W>, fields: Readonly<Record<string, unknown>>): void {
    telemetry.log('warn', logEvents.inputDropped, { ...countDrop(telemetry, what, code), ...fields });
  }

  return async (event: unknown): Promise<SQSBatchResponse> => {
    const records = parseJobEvent(event);
    const jobs = records.filter((r) => r.kind === 'job');
    for (const bad of records) if (bad.kind === 'malformed') drop('job', 'malformed', { sample: bad.body });
    const failed = new Set(records.filter((r) => r.kind === 'malformed').map((r) => r.messageId));
    if (jobs.length > 0) {
      try {
        await refresh(traceOf(jobs, deps));
      } catch (error) {
        await deps.jobs.recordError(JOB, deps.clock.nowMs(), String(error));
        if (jobs.some((r) => r.messageId === null)) throw error;
        telemetry.log('error', logEvents.functionFailed, { function: JOB, error: String(error) });
        for (const r of jobs) failed.add(r.messageId);
      }
    } else if (failed.has(null)) throw new TypeError('not a job');
    const ids = [...failed].filter((id) => id !== null);
    return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** The trace of the first request; a schedule starts one. */
function traceOf(records: readonly JobRecord[], deps: Pick<BalanceDeps, 'ids' | 'clock'>): Trace {
  for (const r of records) if (r.kind === 'job' && r.job.type === 'run-request') return r.job.trace;
  return { correlationId: deps.ids.next(), bornAtMs: deps.clock.nowMs() };
}
