import type { Config } from '#config/schema.ts';
import type { VenueAddresses } from '#config/venue-settings.ts';
import type { Redelivery } from '#local/emulators/invoker.ts';
import type { ConnectWebSocket } from '#shared/adapters/exchange/wire/web-socket-like.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

/** Everything of the outside world that the embedded platform is given: the whole difference between live, replay and test. */
export interface PlatformEnvironment {
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  /** [0, 1): jitter. */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly fetch: FetchLike;
  readonly connect: ConnectWebSocket;
  readonly secrets: Secrets;
  /** REST base and WebSocket address of each exchange of the settings, by name. */
  readonly venues: Readonly<Record<string, VenueAddresses>>;
  /** Where observers leave their documents. */
  readonly observerDocuments: ObserverDocuments;
  readonly marker: InstallationMarker | null;
  /** Names this process among the writers of an account. */
  readonly holder: string;
  /** Seed of the runs that the supervisor draws. */
  readonly seed: number;
  /** When streams and queues deliver again what succeeded; absent: only what failed. */
  readonly redelivery?: Redelivery | undefined;
}
