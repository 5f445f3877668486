import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkClock, clockCorrection } from '#shared/core/system/clock-check.ts';

const limits = { behindMaxMs: 1_000, aheadMaxMs: 5_000 };
const NOW = 1_700_000_000_000;
const reading = (leadMs: number, atMs = NOW) => ({
  askedAtMs: atMs,
  answeredAtMs: atMs + 200,
  venueTimeMs: atMs + 100 - leadMs,
});

describe('clock check', () => {
  it('measures the offset at the middle of the round trip', () => {
    expect(checkClock(reading(50), limits)).toEqual({ ok: true, offsetMs: 50, roundTripMs: 200 });
  });

  it.each([
    ['behind by the limit and half of the round trip', -1_100, true],
    ['behind by more', -1_101, false],
    ['ahead by the limit and half of the round trip', 5_100, true],
    ['ahead by more', 5_101, false],
  ])('judges a clock that is %s', (_, leadMs, ok) => {
    expect(checkClock(reading(leadMs), limits).ok).toBe(ok);
  });
});

describe('clock correction', () => {
  it('is none for a clock that is right, whatever it was before', () => {
    expect(clockCorrection(reading(2_000), reading(3_600_000, NOW - 5_000), limits)).toBe(0);
  });

  it.each([86_400_000, 3_600_000, 60_000, -60_000, -3_600_000])(
    'brings a clock that is %s ms ahead to the venue’s',
    (leadMs) => {
      expect(clockCorrection(reading(leadMs), null, limits), 'one reading may be a mistake').toBeNull();
      expect(clockCorrection(reading(leadMs), reading(leadMs + 300, NOW - 5_000), limits)).toBe(-leadMs);
    },
  );

  it('does not follow a venue that stands still', () => {
    const frozen = (atMs: number) => ({ askedAtMs: atMs, answeredAtMs: atMs + 200, venueTimeMs: NOW - 60_000 });
    expect(clockCorrection(frozen(NOW), frozen(NOW - 5_000), limits)).toBeNull();
    expect(clockCorrection(frozen(NOW), frozen(NOW - 1_000), limits)).toBeNull();
  });

  it('leaves the clock within the limits when two readings agree', () => {
    const lead = fc.integer({ min: -86_400_000, max: 86_400_000 });
    fc.assert(
      fc.property(lead, fc.integer({ min: 0, max: 1_500 }), (leadMs, jitterMs) => {
        const now = reading(leadMs);
        const correctionMs = clockCorrection(now, reading(leadMs + jitterMs, NOW - 5_000), limits) ?? Number.NaN;
        const corrected = {
          ...now,
          askedAtMs: now.askedAtMs + correctionMs,
          answeredAtMs: now.answeredAtMs + correctionMs,
        };
        expect(checkClock(corrected, limits).ok).toBe(true);
      }),
    );
  });
});
