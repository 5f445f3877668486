import { isFromFuture } from '../age.ts';
import type { EpochMs } from '../time.ts';

/**
 * The time from which a view of an account speaks: the venue's, but never later than its arrival, because nothing in it can have
 * happened after that. Null when it claims a time well after it. A view kept with such a time would pass for fresh once that
 * time has come, and would hide every true one until then.
 */
export function viewTime(venueTimeMs: EpochMs, receivedAtMs: EpochMs): EpochMs | null {
  return isFromFuture(venueTimeMs, receivedAtMs) ? null : Math.min(venueTimeMs, receivedAtMs);
}
