import type { EpochMs } from '../time.ts';

/** How far the venue's clock may be ahead of ours before its word on the time is refused. */
const AHEAD_MAX_MS = 5_000;

/**
 * The time from which a view of an account speaks: the venue's, but never later than its arrival, because nothing in it can have
 * happened after that. Null when it claims a time well after it. A view kept with such a time would pass for fresh once that
 * time has come, and would hide every true one until then.
 */
export function viewTime(venueTimeMs: EpochMs, receivedAtMs: EpochMs): EpochMs | null {
  return venueTimeMs > receivedAtMs + AHEAD_MAX_MS ? null : Math.min(venueTimeMs, receivedAtMs);
}
