import { isDue } from '#shared/core/age.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ExchangeHealth, ExchangeHealthView } from '#shared/ports/exchange-health.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

export interface CheckExchangeHealthDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly jobs: Pick<JobStateRepository, 'all' | 'recordOk' | 'recordError'>;
  readonly exchangeHealth: ExchangeHealth;
}

export type ExchangeHealthOutcome =
  | { readonly kind: 'not-due' }
  | { readonly kind: 'checked'; readonly health: ExchangeHealthView };

/** Loads the venue's markets when the last look is old, and stores the verdict for `3t status` and the metrics. */
export async function checkExchangeHealth(
  deps: CheckExchangeHealthDeps,
  input: { readonly exchange: string; readonly maxAgeMs: number },
): Promise<ExchangeHealthOutcome> {
  const job = SYSTEM_JOBS.exchangeHealth;
  const last = (await deps.jobs.all()).find((state) => state.job === job);
  // After a failure it is asked each time: the adapter itself limits how often the venue is.
  if (last && last.lastError === null && !isDue(last.lastOkMs, deps.clock.nowMs(), input.maxAgeMs))
    return { kind: 'not-due' };
  const health = await deps.exchangeHealth.check();
  const nowMs = deps.clock.nowMs();
  if (health.healthy) await deps.jobs.recordOk(job, nowMs, { ...health });
  else await deps.jobs.recordError(job, nowMs, health.error ?? 'the venue lists no instruments');
  return { kind: 'checked', health };
}
