import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUTURE_TOLERANCE_MS, isDue, isFresh, isFromFuture, judgeAge } from '#shared/core/age.ts';

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;

describe('judgeAge', () => {
  it.each([
    [0, 'fresh'],
    [10_000, 'fresh'],
    [10_001, 'too-old'],
    [-FUTURE_TOLERANCE_MS, 'fresh'],
    [-FUTURE_TOLERANCE_MS - 1, 'from-the-future'],
    [-DAY, 'from-the-future'],
  ])('says of an age of %s ms, at most 10 s: %s', (ageMs, verdict) => {
    expect(judgeAge(ageMs, 10_000)).toBe(verdict);
  });

  it('takes a tolerance of its own', () => {
    expect(judgeAge(-2_001, 10_000, 2_000)).toBe('from-the-future');
  });
});

describe('isFresh and isDue', () => {
  it('never call the same time fresh and due, the limit apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2 * DAY, max: 2 * DAY }), fc.integer({ min: 1, max: DAY }), (ageMs, limitMs) => {
        const fresh = isFresh(NOW - ageMs, NOW, limitMs);
        expect(fresh || isDue(NOW - ageMs, NOW, limitMs)).toBe(true);
        if (fresh && ageMs !== limitMs) expect(isDue(NOW - ageMs, NOW, limitMs)).toBe(false);
      }),
    );
  });

  it('do not wait for a last time of a clock that was a day ahead', () => {
    expect(isDue(NOW + DAY, NOW, 60_000)).toBe(true);
    expect(isFresh(NOW + DAY, NOW, 60_000)).toBe(false);
    expect(isFromFuture(NOW + DAY, NOW)).toBe(true);
    expect(isFromFuture(NOW + 2_000, NOW)).toBe(false);
  });

  it('start at once when there was no last time', () => {
    expect(isDue(Number.NEGATIVE_INFINITY, NOW, 60_000)).toBe(true);
  });
});
