import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';
import type { FollowUpCycleDeps } from '#shared/usecases/follow-up-cycle.ts';
import type { ReconcileDeps } from '#shared/usecases/reconcile.ts';
import type { RelayOutboxDeps } from '#shared/usecases/relay-outbox.ts';

export interface ReconciliationDeps extends ReconcileDeps, Omit<FollowUpCycleDeps, 'orders'> {
  /** The outbox, and HOLD. */
  readonly orders: RelayOutboxDeps['orders'] & ReconcileDeps['orders'];
  /** FIFO queue `orders`. */
  readonly orderQueue: WorkQueue;
  readonly installation: Pick<InstallationRepository, 'tag'>;
  readonly jobs: Pick<JobStateRepository, 'recordOk' | 'recordError'>;
  readonly telemetry: Telemetry;
}
