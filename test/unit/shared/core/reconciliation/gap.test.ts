import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { decideGap, reduces } from '#shared/core/reconciliation/gap.ts';

const decide = (
  actual: number | string,
  desired: number | string,
  change: { price?: number; minimum?: number } = {},
) => {
  const gap = decideGap({
    actual: dec(actual),
    desired: dec(desired),
    price: dec(change.price ?? 100),
    lot: dec('0.001'),
    minimumTradeQuote: dec(change.minimum ?? 20),
    venueMinimumQuote: dec(10),
  });
  return gap.kind === 'trade' ? `${gap.effect} ${gap.side} ${gap.size.toFixed()}` : gap.code;
};

describe('gap', () => {
  it.each<[string, number, number, string]>([
    ['short to a smaller short', -5, -2, 'reduce buy 3'],
    ['short to a larger short', -2, -5, 'increase sell 3'],
    ['short to long: out first', -2, 5, 'flip-exit buy 2'],
    ['long to short: out first', 2, -5, 'flip-exit sell 2'],
    ['long to a larger long', 2, 5, 'increase buy 3'],
    ['long to a smaller long', 5, 2, 'reduce sell 3'],
    ['flat to long', 0, 5, 'open buy 5'],
    ['flat to short', 0, -5, 'open sell 5'],
    ['long to flat', 5, 0, 'exit sell 5'],
    ['short to flat', -5, 0, 'exit buy 5'],
    ['equal', 5, 5, 'aligned'],
    ['both flat', 0, 0, 'aligned'],
  ])('%s', (_, actual, desired, expected) => {
    expect(decide(actual, desired)).toBe(expected);
  });

  it('trades at the minimum and leaves less alone', () => {
    expect(decide(1, 1.2)).toBe('increase buy 0.2');
    expect(decide(1, 1.199)).toBe('below-threshold');
    expect(decide(1, 0.801)).toBe('below-threshold');
  });

  it('leaves a full exit out of the minimum: dust must be able to go', () => {
    expect(decide('0.15', 0)).toBe('exit sell 0.15');
    expect(decide('0.001', 0)).toBe('exit sell 0.001');
  });

  it('ignores a difference of less than a lot', () => {
    expect(decide('1.0004', 1, { price: 1_000_000 })).toBe('aligned');
  });
});

describe('gap, always', () => {
  const lots = fc.integer({ min: -100_000, max: 100_000 }).map((n) => dec(n).div(1000));

  it('never crosses zero in one order and never moves away from the target', () => {
    fc.assert(
      fc.property(lots, lots, fc.integer({ min: 1, max: 100_000 }), (actual, desired, price) => {
        const gap = decideGap({
          actual,
          desired,
          price: dec(price),
          lot: dec('0.001'),
          minimumTradeQuote: dec(20),
          venueMinimumQuote: dec(10),
        });
        if (gap.kind !== 'trade') return;
        const after = gap.side === 'buy' ? actual.plus(gap.size) : actual.minus(gap.size);
        expect(actual.times(after).lt(0)).toBe(false);
        expect(after.minus(desired).abs().lt(actual.minus(desired).abs())).toBe(true);
        expect(reduces(gap.effect)).toBe(after.abs().lt(actual.abs()));
      }),
    );
  });
});
