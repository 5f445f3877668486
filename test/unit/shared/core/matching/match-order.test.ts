import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec, ZERO } from '#shared/core/decimal.ts';
import { buildLadder, type LadderShape, withoutConsumed } from '#shared/core/matching/ladder.ts';
import {
  checkOrder,
  matchOrder,
  matchResting,
  type OrderRequest,
  signedSize,
  type TradingRules,
} from '#shared/core/matching/match-order.ts';
import { lots } from '#test/support/instruments.ts';

const { priceRule, sizeStep } = lots(2);
const rules: TradingRules = {
  priceRule,
  sizeStep,
  minNotionalQuote: dec(10),
  maxDeviation: dec('0.8'),
  fullCloseBelowMinimum: true,
};
const shape: LadderShape = { spreadBps: 1, stepBps: 1, levels: 10, depthQuote: 2_000 };
const order = (over: Partial<Record<keyof OrderRequest, unknown>> = {}): OrderRequest => ({
  side: 'buy',
  size: dec(1),
  limitPrice: dec(101),
  timeInForce: 'Ioc',
  reduceOnly: false,
  ...(over as Partial<OrderRequest>),
});
const book = { bids: [level('99.9', 5)], asks: [level('100', 1), level('100.5', 2), level('102', 9)] };
function level(price: string, size: number) {
  return { price: dec(price), size: dec(size), orders: 1 };
}
const codeOf = (request: OrderRequest, position = ZERO) => checkOrder(request, rules, position, dec(100))?.code ?? null;

describe('checkOrder', () => {
  it.each([
    ['zero-size', { size: dec(0) }, 0],
    ['lot', { size: dec('1.001') }, 0],
    ['tick', { limitPrice: dec('100.0001') }, 0],
    ['too-far', { limitPrice: dec(181) }, 0],
    ['minimum', { size: dec('0.05') }, 0],
    ['reduce-only', { reduceOnly: true }, 0],
    ['reduce-only', { reduceOnly: true }, 3],
    [null, { reduceOnly: true }, -3],
    ['minimum', { reduceOnly: true, size: dec('0.05') }, -3],
    [null, { reduceOnly: true, size: dec('0.05') }, -0.05],
  ])('answers %s for %o at position %d', (code, over, position) => {
    expect(codeOf(order(over), dec(position))).toBe(code);
  });
});

describe('matchOrder', () => {
  const run = (over: Parameters<typeof order>[0] = {}, position = ZERO) =>
    matchOrder(order(over), rules, position, dec(100), book);

  it('walks the levels up to the limit and drops the rest of an Ioc', () => {
    const result = run({ size: dec(5) });
    expect(result).toMatchObject({ kind: 'accepted' });
    if (result.kind !== 'accepted') return;
    expect(result.executions.map((e) => [e.price.toFixed(), e.size.toFixed(), e.maker])).toEqual([
      ['100', '1', false],
      ['100.5', '2', false],
    ]);
    expect([result.filled, result.resting, result.dropped].map(String)).toEqual(['3', '0', '2']);
  });

  it('rests what a Gtc does not fill', () => {
    const result = run({ size: dec(5), timeInForce: 'Gtc' });
    expect(result.kind === 'accepted' && result.resting.toFixed()).toBe('2');
  });

  it('refuses an Alo that touches, and an Ioc that does not', () => {
    expect(run({ timeInForce: 'Alo', limitPrice: dec(100) })).toMatchObject({ refusal: { code: 'would-match' } });
    expect(run({ timeInForce: 'Ioc', limitPrice: dec('99.9') })).toMatchObject({ refusal: { code: 'no-match' } });
    expect(run({ timeInForce: 'Alo', limitPrice: dec('99.9') })).toMatchObject({ kind: 'accepted' });
  });

  it('never fills more than asked, never past the limit, and never flips with reduce-only', () => {
    const sides = fc.constantFrom('buy', 'sell');
    const tifs = fc.constantFrom('Ioc', 'Gtc', 'Alo');
    fc.assert(
      fc.property(
        fc.record({
          side: sides,
          lots: fc.integer({ min: 10, max: 50_000 }),
          limit: fc.integer({ min: 90, max: 110 }),
        }),
        tifs,
        fc.boolean(),
        fc.integer({ min: -20_000, max: 20_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        ({ side, lots: count, limit }, timeInForce, reduceOnly, held, salt) => {
          const request = order({ side, size: dec(count).div(100), limitPrice: dec(limit), timeInForce, reduceOnly });
          const position = dec(held).div(100);
          const ladder = buildLadder({ price: 100, ...lots(2), salt }, shape);
          const result = matchOrder(request, rules, position, dec(100), ladder);
          if (result.kind === 'refused') return;
          const filled = result.executions.reduce((sum, e) => sum.plus(e.size), ZERO);
          expect(filled.eq(result.filled) && filled.lte(request.size)).toBe(true);
          expect(result.filled.plus(result.resting).plus(result.dropped).eq(request.size)).toBe(true);
          for (const { price } of result.executions) {
            expect(request.side === 'buy' ? price.lte(limit) : price.gte(limit)).toBe(true);
          }
          const after = position.plus(signedSize(request.side, filled));
          if (reduceOnly) {
            expect(after.abs().lte(position.abs())).toBe(true);
            expect(after.isZero() || after.isNegative() === position.isNegative()).toBe(true);
          }
        },
      ),
    );
  });
});

describe('buildLadder', () => {
  it('has bids strictly below asks, each side sorted, for any price on or off the grid', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 8 }), fc.integer({ min: 0, max: 5 }), (raw, sizeDecimals) => {
        const price = raw / 1000;
        const { bids, asks } = buildLadder({ price, ...lots(sizeDecimals), salt: raw }, shape);
        expect(asks[0]?.price.gt(price)).toBe(true);
        if (bids[0]) expect(bids[0].price.lt(price) || bids[0].price.lt(asks[0]?.price ?? 0)).toBe(true);
        for (let i = 1; i < bids.length; i += 1) expect(bids[i]?.price.lt(bids[i - 1]?.price ?? 0)).toBe(true);
        for (let i = 1; i < asks.length; i += 1) expect(asks[i]?.price.gt(asks[i - 1]?.price ?? 0)).toBe(true);
      }),
    );
  });

  it('is the same for the same tick and another for the next', () => {
    const point = { price: 100, ...lots(2), salt: 7 };
    expect(buildLadder(point, shape)).toEqual(buildLadder(point, shape));
    expect(buildLadder({ ...point, salt: 8 }, shape)).not.toEqual(buildLadder(point, shape));
  });

  it('gives a second taker of the same tick only what the first one left', () => {
    expect(withoutConsumed(book.asks, dec('1.5')).map((l) => l.size.toFixed())).toEqual(['1.5', '9']);
  });
});

describe('matchResting', () => {
  const match = (price: string, size = 1) =>
    matchResting('buy', dec(3), dec(100), { price: dec(price), size: dec(size) })?.size.toFixed() ?? null;

  it('fills whole when the market trades through, in part at the limit, not at all above it', () => {
    expect([match('99'), match('100'), match('101')]).toEqual(['3', '1', null]);
  });
});
