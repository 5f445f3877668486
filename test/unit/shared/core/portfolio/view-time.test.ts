import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewTime } from '#shared/core/portfolio/view-time.ts';

describe('viewTime', () => {
  it('is the time of the venue when that is not after the arrival', () => {
    expect(viewTime(5_000, 9_000)).toBe(5_000);
    expect(viewTime(9_000, 9_000)).toBe(9_000);
  });

  it('is the arrival when the clock of the venue is a little ahead', () => {
    expect(viewTime(9_001, 9_000)).toBe(9_000);
    expect(viewTime(14_000, 9_000)).toBe(9_000);
  });

  it('is not known when the view claims a time well after its arrival', () => {
    expect(viewTime(14_001, 9_000)).toBeNull();
  });

  it('never lies after the arrival', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (venueTimeMs, receivedAtMs) => {
        expect(viewTime(venueTimeMs, receivedAtMs) ?? 0).toBeLessThanOrEqual(receivedAtMs);
      }),
    );
  });
});
