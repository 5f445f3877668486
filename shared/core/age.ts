import type { EpochMs } from './time.ts';

/**
 * How far a time may lie ahead of the present and still be of it: clocks of two machines, and a venue's, differ by seconds in good
 * order. Beyond that it was written by a clock that was wrong, and says nothing about when.
 */
export const FUTURE_TOLERANCE_MS = 5_000;

export type AgeVerdict = 'fresh' | 'too-old' | 'from-the-future';

/**
 * The one place where an age (ms, the present minus a time) meets its limit; test/architecture.test.ts finds others. Nothing from the
 * future is fresh: by a negative age a price of a clock that was an hour ahead would pass as the newest for an hour.
 */
export function judgeAge(ageMs: number, maxAgeMs: number, toleranceMs: number = FUTURE_TOLERANCE_MS): AgeVerdict {
  if (ageMs < -toleranceMs) return 'from-the-future';
  return ageMs <= maxAgeMs ? 'fresh' : 'too-old';
}

/** What bears the time `atMs` is neither older than `maxAgeMs` nor from the future. */
export const isFresh = (atMs: EpochMs, nowMs: EpochMs, maxAgeMs: number, toleranceMs?: number): boolean =>
  judgeAge(nowMs - atMs, maxAgeMs, toleranceMs) === 'fresh';

export const isFromFuture = (atMs: EpochMs, nowMs: EpochMs, toleranceMs?: number): boolean =>
  judgeAge(nowMs - atMs, Number.POSITIVE_INFINITY, toleranceMs) === 'from-the-future';

/** `everyMs` (0: always) have passed since the last time. A last time from the future is none: waiting for it would be waiting for a wrong clock. */
export const isDue = (lastMs: EpochMs, nowMs: EpochMs, everyMs: number): boolean =>
  everyMs <= 0 || nowMs - lastMs >= everyMs || isFromFuture(lastMs, nowMs);
