import type { EpochMs } from '../time.ts';

export interface ClockReading {
  /** Our clock just before and just after the question. */
  readonly askedAtMs: EpochMs;
  readonly answeredAtMs: EpochMs;
  /** What the venue said in between. */
  readonly venueTimeMs: EpochMs;
}

export interface ClockLimits {
  readonly behindMaxMs: number;
  readonly aheadMaxMs: number;
}

export interface ClockCheck {
  readonly ok: boolean;
  /** Our clock minus the venue's, at the middle of the round trip; positive: ours is ahead. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/** Compares our clock with the venue's. Half of the round trip is the uncertainty of the reading (RFC 5905 §8), allowed on top. */
export function checkClock(reading: ClockReading, limits: ClockLimits): ClockCheck {
  const roundTripMs = Math.max(0, reading.answeredAtMs - reading.askedAtMs);
  const offsetMs = (reading.askedAtMs + reading.answeredAtMs) / 2 - reading.venueTimeMs;
  const slackMs = roundTripMs / 2;
  const ok = offsetMs >= -(limits.behindMaxMs + slackMs) && offsetMs <= limits.aheadMaxMs + slackMs;
  return { ok, offsetMs, roundTripMs };
}

/** Two offsets of one wrong clock differ by less than this, apart from their round trips. */
const STEADY_MS = 2_000;

/**
 * What to add to our clock so that it shows the venue's time, from two readings of the clock as the machine has it; null while that
 * is not known. A clock that is ahead looks like a venue that stands still, and one answer may be a mistake: only a venue whose time
 * has gone on as ours did since the reading before is believed.
 */
export function clockCorrection(
  reading: ClockReading,
  before: ClockReading | null,
  limits: ClockLimits,
): number | null {
  const check = checkClock(reading, limits);
  if (check.ok) return 0;
  if (before === null || reading.venueTimeMs <= before.venueTimeMs) return null;
  const earlier = checkClock(before, limits);
  const slackMs = STEADY_MS + (check.roundTripMs + earlier.roundTripMs) / 2;
  // What a reading adds to the lead is its own way: the smaller of two is nearer to the truth.
  return Math.abs(check.offsetMs - earlier.offsetMs) <= slackMs ? -Math.min(check.offsetMs, earlier.offsetMs) : null;
}
