import { describe, expect, it } from 'vitest';
import { checkClock } from '#shared/core/system/clock-check.ts';

const limits = { behindMaxMs: 1_000, aheadMaxMs: 60_000 };
const reading = (venueTimeMs: number) => ({ askedAtMs: 100_000, answeredAtMs: 100_200, venueTimeMs });

describe('clock check', () => {
  it('measures the offset at the middle of the round trip', () => {
    expect(checkClock(reading(100_050), limits)).toEqual({ ok: true, offsetMs: 50, roundTripMs: 200 });
  });

  it('doubts the clock when the venue is in our future by more than the tight limit and half the round trip', () => {
    expect(checkClock(reading(101_200), limits).ok).toBe(true);
    expect(checkClock(reading(101_201), limits).ok).toBe(false);
  });

  it('tolerates an old snapshot but not a clock far ahead', () => {
    expect(checkClock(reading(39_999 + 1), limits).ok).toBe(true);
    expect(checkClock(reading(39_999), limits).ok).toBe(false);
  });
});
