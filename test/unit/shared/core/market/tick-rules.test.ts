import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '#shared/core/decimal.ts';
import {
  floorToLot,
  isOnGrid,
  isOnTick,
  isWholeLots,
  type PriceRule,
  type RoundDirection,
  roundPrice,
  ticksPerUnit,
  towardZero,
  wholeLots,
} from '#shared/core/market/tick-rules.ts';

/** Five significant figures, at most 6 − sizeDecimals decimals. */
const significantRule = (sizeDecimals: number): PriceRule => ({
  kind: 'significant',
  figures: 5,
  decimals: 6 - sizeDecimals,
});
const step = (sizeDecimals: number): string => new Decimal(10).pow(-sizeDecimals).toFixed();

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
    expect(isOnTick(price, significantRule(sizeDecimals))).toBe(valid);
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
    expect(roundPrice(price, significantRule(sizeDecimals), direction)).toBe(expected);
  });

  it('gives a price on the grid, on the asked side, at most one tick away', () => {
    fc.assert(
      fc.property(anyPrice, anySizeDecimals, anyDirection, (price, sizeDecimals, direction) => {
        let text: string;
        try {
          text = roundPrice(price, significantRule(sizeDecimals), direction);
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
        expect(isOnTick(text, significantRule(sizeDecimals)), 'rounding twice changes nothing').toBe(true);
      }),
    );
  });

  it.each(['0', '-1', 'NaN', 'Infinity'])('refuses %s', (price) => {
    expect(() => roundPrice(price, significantRule(2), 'nearest')).toThrow(RangeError);
  });

  it('counts ticks right at and next to powers of ten', () => {
    const rule = significantRule(0);
    const counts = [9.9999, 10, 99.999, 100, 99_999, 100_000, 0.001].map((price) => ticksPerUnit(price, rule));
    expect(counts).toEqual([1e4, 1e3, 1e3, 1e2, 1, 1, 1e6]);
  });

  it('knows a second spelling of a valid price as not on the grid', () => {
    expect(isOnTick('65000.0', significantRule(5))).toBe(false);
  });
});

describe('a tick of any size', () => {
  // Filters of Binance USD-M's documentation: https://developers.binance.com/docs/derivatives/usds-margined-futures/common-definition
  it.each([
    ['0.10', '65123.44', 'down', '65123.4'],
    ['0.10', '65123.44', 'up', '65123.5'],
    ['0.05', '65123.44', 'nearest', '65123.45'],
    ['0.0001', '0.00016', 'down', '0.0001'],
    ['5', '12', 'up', '15'],
    ['5', '12.5', 'nearest', '15'],
  ] as const)('with ticks of %s moves %s %s to %s', (tick, price, direction, expected) => {
    const rule: PriceRule = { kind: 'tick', tick };
    expect(roundPrice(price, rule, direction)).toBe(expected);
    expect(isOnTick(expected, rule)).toBe(true);
    expect(isOnGrid(new Decimal(price), rule)).toBe(false);
  });

  it('refuses what rounds down to nothing', () => {
    expect(() => roundPrice('4', { kind: 'tick', tick: '5' }, 'down')).toThrow(RangeError);
  });

  it('gives a multiple of the tick on the asked side, less than one tick away', () => {
    const anyTick = fc.constantFrom('0.00001', '0.001', '0.05', '0.1', '0.25', '1', '2.5', '10');
    fc.assert(
      fc.property(anyPrice, anyTick, anyDirection, (price, tick, direction) => {
        const rule: PriceRule = { kind: 'tick', tick };
        if (price.lt(tick)) return;
        const rounded = new Decimal(roundPrice(price, rule, direction));
        expect(rounded.mod(tick).isZero()).toBe(true);
        expect(rounded.minus(price).abs().lt(tick)).toBe(true);
        if (direction === 'up') expect(rounded.gte(price)).toBe(true);
        if (direction === 'down') expect(rounded.lte(price)).toBe(true);
        expect(ticksPerUnit(1, rule)).toBe(new Decimal(1).div(tick).toNumber());
      }),
    );
  });
});

describe('towardZero', () => {
  it('never adds risk, for a lot that is no power of ten too', () => {
    expect(towardZero(new Decimal('-0.0137'), '0.005').toFixed()).toBe('-0.01');
    expect(towardZero(new Decimal('0.0137'), '0.001').toFixed()).toBe('0.013');
    expect([isWholeLots(new Decimal('0.015'), '0.005'), isWholeLots(new Decimal('0.016'), '0.005')]).toEqual([
      true,
      false,
    ]);
  });
});

describe('floorToLot', () => {
  it('never rounds up, loses less than one lot and is a whole number of lots', () => {
    fc.assert(
      fc.property(anyPrice, anySizeDecimals, (size, sizeDecimals) => {
        const lot = new Decimal(10).pow(-sizeDecimals);
        const lots = wholeLots(size, step(sizeDecimals));
        if (lots === null) {
          expect(size.lt(lot)).toBe(true);
          expect(() => floorToLot(size, step(sizeDecimals))).toThrow(RangeError);
          return;
        }
        const floored = new Decimal(floorToLot(size, step(sizeDecimals)));
        expect(floored.toFixed()).toBe(lots);
        expect(floored.lte(size)).toBe(true);
        expect(size.minus(floored).lt(lot)).toBe(true);
        expect(floored.div(lot).isInteger()).toBe(true);
      }),
    );
  });

  it('refuses a size below one lot instead of sending zero', () => {
    expect(() => floorToLot('0.0009', '0.001')).toThrow(/below one lot/);
    expect(wholeLots('0', '0.001')).toBeNull();
  });

  it('refuses a negative size', () => {
    expect(() => wholeLots('-1', '0.001')).toThrow(RangeError);
  });
});
