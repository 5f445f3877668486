import type { AccountReader, MarketDataSource, OrderVenue } from '#shared/ports/exchange.ts';
import type { VenueClock } from '#shared/ports/venue-clock.ts';
import type { ExchangeHealth } from './exchange-health.ts';

/** Everything that a venue's adapter offers. */
export interface Exchange {
  readonly marketData: MarketDataSource;
  readonly accountReader: AccountReader;
  readonly venueClock: VenueClock;
  /** Null without `secrets`. */
  readonly orderVenue: OrderVenue | null;
  /** Loads instruments and, with `secrets`, every account's key, so that the first order is not the slow one. Throws `ExchangeError`. */
  ready(): Promise<void>;
  checkHealth(): Promise<ExchangeHealth>;
  close(): Promise<void>;
}
