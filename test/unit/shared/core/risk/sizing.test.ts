import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec, decimalText } from '#shared/core/decimal.ts';
import { positionFor, sizingFrom, unitQuote } from '#shared/core/risk/sizing.ts';

describe('sizing', () => {
  it('follows the worked example of the original: P 2, 250 USD, price 118 000', () => {
    const sizing = sizingFrom(null, 0.0025);
    if (sizing.kind !== 'sizing') throw new Error('refused');
    const unit = unitQuote(sizing.sizing, dec(100_000));

    expect(unit?.toFixed()).toBe('250');
    expect(positionFor(2, dec(250), dec(118_000), '0.00000001').toFixed()).toBe('0.00423728');
  });

  it('takes exactly one of the two sizes', () => {
    expect(sizingFrom(20.25, null)).toEqual({ kind: 'sizing', sizing: { kind: 'fixed', unitQuote: '20.25' } });
    expect(sizingFrom(null, null)).toMatchObject({ kind: 'refused' });
    expect(sizingFrom(20.25, 0.01)).toMatchObject({ kind: 'refused' });
    expect(sizingFrom(0, null)).toMatchObject({ kind: 'refused' });
  });

  it('does not know a share of an unknown equity', () => {
    expect(unitQuote({ kind: 'equity-share', fraction: '0.01' }, null)).toBeNull();
    expect(unitQuote({ kind: 'fixed', unitQuote: '20.25' }, null)?.toFixed()).toBe('20.25');
  });

  it('never holds more than asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.double({ min: 0.01, max: 1e5, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: 0, max: 8 }),
        (direction, unit, price, decimals) => {
          const size = positionFor(direction, dec(unit), dec(price), decimalText(10 ** -decimals));
          expect(
            size
              .abs()
              .times(price)
              .lte(dec(unit).times(Math.abs(direction)).times('1.0000000001')),
          ).toBe(true);
          expect(size.decimalPlaces()).toBeLessThanOrEqual(decimals);
          expect(size.isZero() || size.isPositive() === direction > 0).toBe(true);
        },
      ),
    );
  });
});
