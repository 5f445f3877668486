import type { Clock } from '#shared/ports/clock.ts';
import type { EventStream } from '#shared/ports/event-stream.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface PriceProducerDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  /** [0, 1): jitter of retries. */
  readonly random: () => number;
  /** WebSocket, or polling when a proxy is configured. */
  readonly feed: PriceFeed;
  /** Stream `market`. */
  readonly stream: EventStream;
  readonly instruments: Pick<InstrumentsRepository, 'products'>;
  readonly telemetry: Telemetry;
}
