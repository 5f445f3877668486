import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '#shared/core/decimal.ts';
import { floorToLot, isOnTick, type RoundDirection, roundPrice, wholeLots } from '#shared/core/market/tick-rules.ts';

/** Significant digits of a plain decimal text, leading and trailing zeros aside. */
const significant = (text: string) => text.replace('.', '').replace(/^0+/, '').replace(/0+$/, '').length;
const decimals = (text: string) => text.split('.')[1]?.length ?? 0;

const anyPrice = fc
  .tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: -6, max: 3 }))
  .map(([digits, exponent]) => new Decimal(digits).times(new Decimal(10).pow(exponent)));
const anySizeDecimals = fc.integer({ min: 0, max: 5 });
const anyDirection = fc.constantFrom<RoundDirection>('up', 'down', 'nearest');

describe('roundPrice', () => {
  // Worked examples of https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
  it.each([
    ['1234.5', 0, true],
    ['1234.56', 0, false],
    ['0.001234', 0, true],
    ['0.0012345', 0, false],
    ['0.01234', 1, true],
    ['0.012345', 1, false],
    ['123456', 5, true],
  ])('agrees with the published example %s at %i size decimals: %s', (price, sizeDecimals, valid) => {
    expect(isOnTick(price, sizeDecimals)).toBe(valid);
  });

  it.each([
    ['99999.99', 5, 'up', '100000'],
    ['99999.99', 5, 'down', '99999'],
    ['9.99996', 0, 'nearest', '10'],
    ['1234.56', 1, 'down', '1234.5'],
    ['1234.56', 1, 'up', '1234.6'],
    ['123456.7', 5, 'down', '123456'],
    ['0.0123456', 2, 'up', '0.0124'],
  ] as const)('moves %s at %i size decimals %s to %s', (price, sizeDecimals, direction, expected) => {
    expect(roundPrice(price, sizeDecimals, direction)).toBe(expected);
  });

  it('gives a price on the grid, on the asked side, at most one tick away', () => {
    fc.assert(
      fc.property(anyPrice, anySizeDecimals, anyDirection, (price, sizeDecimals, direction) => {
        let text: string;
        try {
          text = roundPrice(price, sizeDecimals, direction);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect(price.lt(new Decimal(10).pow(sizeDecimals - 6)), 'only a price below one tick is refused').toBe(true);
          return;
        }
        const rounded = new Decimal(text);
        if (!rounded.isInteger()) {
          expect(significant(text)).toBeLessThanOrEqual(5);
          expect(decimals(text)).toBeLessThanOrEqual(6 - sizeDecimals);
        }
        if (direction === 'up') expect(rounded.gte(price)).toBe(true);
        if (direction === 'down') expect(rounded.lte(price)).toBe(true);
        const tick = Decimal.max(new Decimal(10).pow(price.e - 4), new Decimal(10).pow(sizeDecimals - 6));
        expect(rounded.minus(price).abs().lt(Decimal.max(tick, 0))).toBe(true);
        expect(isOnTick(text, sizeDecimals), 'rounding twice changes nothing').toBe(true);
      }),
    );
  });

  it.each(['0', '-1', 'NaN', 'Infinity'])('refuses %s', (price) => {
    expect(() => roundPrice(price, 2, 'nearest')).toThrow(RangeError);
  });

  it('knows a second spelling of a valid price as not on the grid', () => {
    expect(isOnTick('65000.0', 5)).toBe(false);
  });
});

describe('floorToLot', () => {
  it('never rounds up, loses less than one lot and is a whole number of lots', () => {
    fc.assert(
      fc.property(anyPrice, anySizeDecimals, (size, sizeDecimals) => {
        const lot = new Decimal(10).pow(-sizeDecimals);
        const lots = wholeLots(size, sizeDecimals);
        if (lots === null) {
          expect(size.lt(lot)).toBe(true);
          expect(() => floorToLot(size, sizeDecimals)).toThrow(RangeError);
          return;
        }
        const floored = new Decimal(floorToLot(size, sizeDecimals));
        expect(floored.toFixed()).toBe(lots);
        expect(floored.lte(size)).toBe(true);
        expect(size.minus(floored).lt(lot)).toBe(true);
        expect(floored.div(lot).isInteger()).toBe(true);
      }),
    );
  });

  it('refuses a size below one lot instead of sending zero', () => {
    expect(() => floorToLot('0.0009', 3)).toThrow(/below one lot/);
    expect(wholeLots('0', 3)).toBeNull();
  });

  it('refuses a negative size', () => {
    expect(() => wholeLots('-1', 3)).toThrow(RangeError);
  });
});
