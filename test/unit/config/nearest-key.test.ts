import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestKey } from '#config/nearest-key.ts';

describe('editDistance', () => {
  // The textbook pairs: https://en.wikipedia.org/wiki/Levenshtein_distance and https://rosettacode.org/wiki/Levenshtein_distance
  it.each([
    ['kitten', 'sitting', 3],
    ['rosettacode', 'raisethysword', 8],
    ['', 'abc', 3],
    ['same', 'same', 0],
    // Swaps, and the pair that tells optimal string alignment (3) from the unrestricted distance (2).
    ['prot', 'port', 1],
    ['ca', 'abc', 3],
  ])('of %s and %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is symmetric, zero only for the same word, and never more than rewriting it', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe('nearestKey', () => {
  const known = ['http', 'http.port', 'limits.max_leverage', 'simulator.port'];

  it('prefers a sibling to the same word elsewhere', () => {
    expect(nearestKey('http.prt', known)).toBe('http.port');
    expect(nearestKey('max_leverage', known)).toBe('limits.max_leverage');
  });

  it('completes a word that was cut off, to the shortest there is', () => {
    const keys = ['limits.max_leverage', 'sizing.risk_pos_percentage', 'sizing.risk_pos_size'];

    expect(nearestKey('sizing.risk_pos', keys)).toBe('sizing.risk_pos_size');
    expect(nearestKey('limits.max', keys)).toBeNull();
  });

  it('says nothing when no key is near', () => {
    expect(nearestKey('http.zebra', known)).toBeNull();
    expect(nearestKey(`http.${'x'.repeat(100)}`, known)).toBeNull();
  });
});
