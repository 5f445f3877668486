import type { AccountReader } from '#shared/ports/exchange.ts';
import type { VenueClock } from '#shared/ports/venue-clock.ts';

/** The time on a fresh account snapshot. It may lag when the venue serves an older one, and is never in its future. */
export const accountVenueClock = (reader: Pick<AccountReader, 'fetchAccountState'>, account: string): VenueClock => ({
  venueTimeMs: async () => (await reader.fetchAccountState(account)).venueTimeMs,
});
