import type { EpochMs } from '../time.ts';

export interface ClockReading {
  /** Our clock just before and just after the question. */
  readonly askedAtMs: EpochMs;
  readonly answeredAtMs: EpochMs;
  /** What the venue said in between. */
  readonly venueTimeMs: EpochMs;
}

export interface ClockCheck {
  readonly ok: boolean;
  /** Our clock minus the venue's, at the middle of the round trip; positive: ours is ahead. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/**
 * Compares our clock with the venue's. A venue time after our answer proves that we are behind, so it gets the tight limit
 * `behindMaxMs`. A venue time in the past may also be an old snapshot, so being ahead gets the wider `aheadMaxMs`.
 * Half of the round trip is the uncertainty of the reading (RFC 5905 §8) and is allowed on top.
 */
export function checkClock(
  reading: ClockReading,
  limits: { readonly behindMaxMs: number; readonly aheadMaxMs: number },
): ClockCheck {
  const roundTripMs = Math.max(0, reading.answeredAtMs - reading.askedAtMs);
  const offsetMs = (reading.askedAtMs + reading.answeredAtMs) / 2 - reading.venueTimeMs;
  const slackMs = roundTripMs / 2;
  const ok = offsetMs >= -(limits.behindMaxMs + slackMs) && offsetMs <= limits.aheadMaxMs + slackMs;
  return { ok, offsetMs, roundTripMs };
}
