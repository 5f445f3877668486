import type { Alerts } from '#shared/ports/alerts.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';
import type { CheckTakeProfitDeps } from '#shared/usecases/check-take-profit.ts';

export interface BalanceConsumerDeps extends CheckTakeProfitDeps {
  /** Queue of run-requests; FIFO or standard. */
  readonly runRequests: WorkQueue;
  readonly alerts: Alerts;
  readonly telemetry: Telemetry;
}
