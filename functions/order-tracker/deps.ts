import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';
import type { ReadVenueOrdersDeps } from '#shared/usecases/read-venue-orders.ts';
import type { TrackOrdersDeps } from '#shared/usecases/track-orders.ts';
import type { WatchAccountDeps } from '#shared/usecases/watch-account.ts';

export interface OrderTrackerDeps {
  readonly orders: OrdersRepository;
  readonly reader: ReadVenueOrdersDeps['reader'];
  readonly venueClock: ReadVenueOrdersDeps['venueClock'];
  readonly accounts: WatchAccountDeps['accounts'];
  readonly instruments: ReadVenueOrdersDeps['instruments'];
  readonly deadLetters: DeadLetters;
  readonly jobs: Pick<JobStateRepository, 'all' | 'recordOk' | 'recordError'>;
  readonly control: WatchAccountDeps['control'];
  readonly installation: Pick<InstallationRepository, 'tag' | 'noteCopy'>;
  /** FIFO queue `orders`: re-sent commands and cancels. */
  readonly orderQueue: WorkQueue;
  /** Queue `run-requests`. */
  readonly runRequests: WorkQueue;
  readonly alerts: TrackOrdersDeps['alerts'];
  readonly clock: TrackOrdersDeps['clock'];
  readonly ids: Ids;
  readonly telemetry: Telemetry;
}
