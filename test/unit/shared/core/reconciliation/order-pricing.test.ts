import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { boundedPrice, referencePrice } from '#shared/core/reconciliation/order-pricing.ts';
import { lots } from '#test/support/instruments.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const at = (lastAgeMs: number, markAgeMs: number) =>
  referencePrice(
    { last: { price: '100', venueTimeMs: NOW - lastAgeMs }, mark: { price: '101', timeMs: NOW - markAgeMs } },
    NOW,
    10_000,
  );

describe('referencePrice', () => {
  it('does not take a price from the future for a fresh one: it is as wrong as an old one', () => {
    expect(at(-HOUR, 20_000)).toMatchObject({ from: 'mark', fresh: false });
    expect(at(30_000, -HOUR)).toMatchObject({ from: 'last', fresh: false });
    expect(at(-HOUR, -HOUR)).toMatchObject({ fresh: false });
  });

  it('lets a clock be behind by the tolerance', () => {
    expect(at(-4_000, 20_000)).toMatchObject({ from: 'last', fresh: true });
  });
});

describe('boundedPrice', () => {
  it('bounds nothing by a trade at a price that nothing costs: an order at it has more digits than its status may have', () => {
    for (const side of ['buy', 'sell'] as const) {
      expect(boundedPrice(dec('9'.repeat(39)), side, '0.005', lots(3).priceRule)).toBeNull();
      expect(boundedPrice(dec('1e12'), side, '0', lots(3).priceRule)).toBe('1000000000000');
    }
  });
});
