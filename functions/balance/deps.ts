import type { Alerts } from '#shared/ports/alerts.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { RefreshBalancesDeps } from '#shared/usecases/refresh-balances.ts';
import type { SetAsideDeps } from '#shared/usecases/set-aside-odd-rows.ts';

export interface BalanceDeps extends RefreshBalancesDeps, SetAsideDeps {
  readonly deadLetters: DeadLetters;
  readonly alerts: Alerts;
  readonly jobs: Pick<JobStateRepository, 'recordOk' | 'recordError'>;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
}
