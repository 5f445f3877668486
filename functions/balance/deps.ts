import type { Ids } from '#shared/ports/ids.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { RefreshBalancesDeps } from '#shared/usecases/refresh-balances.ts';

export interface BalanceDeps extends RefreshBalancesDeps {
  readonly jobs: Pick<JobStateRepository, 'recordOk' | 'recordError'>;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
}
