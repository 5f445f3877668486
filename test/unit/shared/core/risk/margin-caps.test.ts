import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import { increaseShare, initialMargin, symbolCap } from '#shared/core/risk/margin-caps.ts';

const ONE = dec(1);

describe('margin caps', () => {
  it('shares the budget by leverage, as the original does', () => {
    expect(symbolCap(dec(1000), 10, 20, ONE).toFixed()).toBe('500');
    expect(symbolCap(dec(1100), 10, 11, ONE).toFixed()).toBe('1000');
    expect(symbolCap(dec(1100), 1, 11, ONE).toFixed()).toBe('100');
    expect(symbolCap(dec(1000), 10, 20, dec(10)).toFixed()).toBe('5000');
    expect(symbolCap(ZERO, 10, 20, ONE).toFixed()).toBe('0');
  });

  it('counts initial margin at the price and leverage of the plan', () => {
    expect(initialMargin(dec(-100), dec(62.5), 10).toFixed()).toBe('625');
  });

  it('gives all increases the same share of what is free', () => {
    expect(increaseShare(dec(50), [dec(60), dec(40)]).toFixed()).toBe('0.5');
    expect(increaseShare(dec(100), [dec(60), dec(40)]).toFixed()).toBe('1');
    expect(increaseShare(dec(-1), [dec(60)]).toFixed()).toBe('0');
    expect(increaseShare(dec(-1), []).toFixed()).toBe('0');
  });
});

const amount = fc.integer({ min: 0, max: 10_000_000 }).map((n) => dec(n).div(1000));

describe('margin caps, always', () => {
  it('never gives away more than is free, whatever the order of the needs', () => {
    fc.assert(
      fc.property(amount, fc.array(amount, { maxLength: 20 }), (free, needs) => {
        const share = increaseShare(free, needs);
        const given = needs.reduce((sum: Decimal, need) => sum.plus(need.times(share)), ZERO);
        expect(given.lte(free)).toBe(true);
        expect(increaseShare(free, [...needs].reverse()).eq(share)).toBe(true);
      }),
    );
  });
});
