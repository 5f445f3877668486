import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entropyBits,
  initPatternWindow,
  normalisedEntropy,
  ordinalPattern,
  stepPatternWindow,
} from '#shared/core/indicators/permutation-entropy.ts';

const windowOf = (values: readonly number[], length: number) =>
  values.reduce((window, value) => stepPatternWindow(window, value, length), initPatternWindow());

/** The definition, slowly: stable argsorts of every triple, their frequencies, Shannon's sum. */
function reference(values: readonly number[]): number {
  const counts = new Map<string, number>();
  for (let i = 0; i + 2 < values.length; i++) {
    const triple = values.slice(i, i + 3);
    const order = [0, 1, 2].sort((a, b) => triple[a]! - triple[b]! || a - b).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const n = Math.max(values.length - 2, 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / n) * Math.log2(count / n), 0);
}

const prices = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 64 });

describe('permutation entropy', () => {
  it("gives Bandt and Pompe's 1.522 bits for their series at order 3", () => {
    // Bandt, Pompe, Phys. Rev. Lett. 88, 174102 (2002), https://doi.org/10.1103/PhysRevLett.88.174102;
    // 0.589 normalised: https://raphaelvallat.com/antropy/build/html/generated/antropy.perm_entropy.html
    const window = windowOf([4, 7, 9, 10, 6, 11, 3], 7);
    expect(entropyBits(window)).toBeCloseTo(1.5219, 4);
    expect(normalisedEntropy(window)).toBeCloseTo(0.5888, 4);
  });

  it('is 0 on a straight line and 1 when all six patterns are equally frequent', () => {
    expect(normalisedEntropy(windowOf([1, 2, 3, 4, 5, 6], 6))).toBe(0);
    expect(normalisedEntropy({ patterns: '012345', tail: [] })).toBe(1);
  });

  it('is 0 before the first pattern', () => {
    expect(entropyBits(windowOf([5, 6], 10))).toBe(0);
  });

  it('gives ties the order of time', () => {
    expect(ordinalPattern(2, 2, 2)).toBe(ordinalPattern(1, 2, 3));
    expect(ordinalPattern(2, 1, 1)).toBe(ordinalPattern(3, 1, 2));
    expect(
      new Set(['123', '132', '213', '231', '312', '321'].map((t) => ordinalPattern(+t[0]!, +t[1]!, +t[2]!))).size,
    ).toBe(6);
  });

  it('equals the definition over the last values of any series, within its bounds', () => {
    fc.assert(
      fc.property(prices, fc.integer({ min: 3, max: 64 }), (values, length) => {
        const window = windowOf(values, length);
        expect(entropyBits(window)).toBeCloseTo(reference(values.slice(-length)), 10);
        expect(normalisedEntropy(window)).toBeGreaterThanOrEqual(0);
        expect(normalisedEntropy(window)).toBeLessThanOrEqual(1);
        expect(window.patterns.length).toBeLessThanOrEqual(length - 2);
      }),
    );
  });
});
