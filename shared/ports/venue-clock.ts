import type { EpochMs } from '#shared/core/time.ts';

/** The venue's own time, as fresh as the venue gives it. Throws `ExchangeError`. */
export interface VenueClock {
  venueTimeMs(): Promise<EpochMs>;
}
