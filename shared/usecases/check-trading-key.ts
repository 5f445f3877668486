import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { type KeyCheck, keyAlert } from '#shared/core/system/trading-key.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { OrderVenue } from '#shared/ports/exchange.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

export interface CheckTradingKeyDeps {
  readonly venue: Pick<OrderVenue, 'checkKey'>;
  readonly jobs: Pick<JobStateRepository, 'recordOk' | 'recordError'>;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs' | 'setTimer'>;
}

/** The account's exits stand behind the question in their queue, and one that waits for longer expires. */
const ANSWER_WAIT_MS = 5_000;

/**
 * Asks the venue whether an account's key may sign, and stores the answer, which `/ready` and `status` show; a refused key is an
 * alert before the first order needs it. `refusedWith`: what the venue said when it refused a signed request; it is not asked again then.
 */
export async function checkTradingKey(
  deps: CheckTradingKeyDeps,
  input: { readonly exchange: string; readonly account: string; readonly refusedWith: string | null },
): Promise<KeyCheck> {
  const { exchange, account, refusedWith } = input;
  const check: KeyCheck =
    refusedWith === null ? await answerInTime(deps, account) : { kind: 'refused', reason: refusedWith };
  const job = SYSTEM_JOBS.tradingKey(account);
  const nowMs = deps.clock.nowMs();
  if (check.kind === 'ok') await deps.jobs.recordOk(job, nowMs, { validUntilMs: check.validUntilMs });
  if (check.kind === 'refused') await deps.jobs.recordError(job, nowMs, check.reason);
  const alert = keyAlert(exchange, account, check, nowMs);
  if (alert) await deps.alerts.raise(alert);
  return check;
}

function answerInTime({ venue, clock }: CheckTradingKeyDeps, account: string): Promise<KeyCheck> {
  return new Promise((resolve, reject) => {
    const reason = `no answer within ${ANSWER_WAIT_MS} ms`;
    const timer = clock.setTimer(ANSWER_WAIT_MS, () => resolve({ kind: 'unknown', reason }));
    venue
      .checkKey(account)
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
