import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { isOnLotGrid, isOnPriceGrid, priceDecimals, toPriceGrid } from '#shared/core/matching/price-grid.ts';

describe('price grid', () => {
  // https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
  it.each([
    ['1234.5', 0, true],
    ['1234.56', 0, false],
    ['0.001234', 0, true],
    ['0.0012345', 0, false],
    ['0.01234', 1, true],
    ['0.012345', 1, false],
    ['123456', 5, true],
    ['1234567', 5, true],
    ['0', 0, false],
    ['-5', 0, false],
  ])('says of %s with %i size decimals: %s', (price, sizeDecimals, expected) => {
    expect(isOnPriceGrid(dec(price), sizeDecimals)).toBe(expected);
  });

  it('rounds any positive price onto the grid, in the direction asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: 0, max: 5 }), (raw, sizeDecimals) => {
        const price = dec(raw).div(1000);
        const down = toPriceGrid(price, sizeDecimals, 'down');
        const up = toPriceGrid(price, sizeDecimals, 'up');
        expect(down.lte(price) && up.gte(price)).toBe(true);
        expect(isOnPriceGrid(up, sizeDecimals)).toBe(true);
        expect(down.isZero() || isOnPriceGrid(down, sizeDecimals)).toBe(true);
      }),
    );
  });

  it('counts decimals right at and next to powers of ten', () => {
    expect([9.9999, 10, 99.999, 100, 99_999, 100_000, 0.001].map((price) => priceDecimals(price, 0))).toEqual([
      4, 3, 3, 2, 0, 0, 6,
    ]);
  });

  it('accepts whole lots only', () => {
    expect(isOnLotGrid(dec('0.123'), 3)).toBe(true);
    expect(isOnLotGrid(dec('0.1234'), 3)).toBe(false);
    expect(isOnLotGrid(dec('0'), 3)).toBe(false);
  });
});
