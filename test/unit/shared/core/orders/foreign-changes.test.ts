import { describe, expect, it } from 'vitest';
import {
  foreignFills,
  foreignOrders,
  foreignWriter,
  type PositionCheck,
  positionAfter,
  positionMismatch,
} from '#shared/core/orders/foreign-changes.ts';
import { parseTrackerMemory, watchMismatches } from '#shared/core/orders/tracker-memory.ts';
import { fill, order, SYMBOL, T0, TAG } from '#test/support/orders.ts';

const mine = order().clientOrderId;
const row = { symbol: SYMBOL, side: 'buy', size: '1' } as const;
const own = { clientOrderIds: new Map([[mine, row]]), venueOrderIds: new Map([['7', row]]) };
const foreignTag = `0xffffffff${'0'.repeat(24)}` as const;

describe('foreignFills', () => {
  it('leaves alone what an order of ours explains by either id', () => {
    expect(foreignFills([fill({ clientOrderId: mine }), fill({ venueOrderId: '7' })], own)).toEqual([]);
  });
  it.each([
    ['foreign-fill', {}],
    ['foreign-fill', { clientOrderId: `0x${TAG}${'0'.repeat(24)}` as const }],
    ['foreign-fill', { clientOrderId: mine, side: 'sell' }],
    ['foreign-fill', { clientOrderId: mine, size: '1.01' }],
    ['foreign-fill', { venueOrderId: '7', symbol: 'ETH/USDC:USDC' }],
    ['liquidation', { liquidation: true }],
    ['liquidation', { liquidation: true, clientOrderId: mine }],
  ] as const)('says %s of %o', (reason, over) => {
    expect(foreignFills([fill(over)], own)).toMatchObject([{ reason, detail: { tradeId: 'trade-1' } }]);
  });
});

describe('foreignOrders', () => {
  const open = {
    symbol: SYMBOL,
    venueOrderId: '9',
    clientOrderId: null,
    side: 'buy',
    originalSize: '2',
    statusTimeMs: T0,
  } as const;
  it("says somebody else's open order, unless a human adopted it", () => {
    expect(foreignOrders([open], own, new Map())).toMatchObject([{ reason: 'foreign-order', detail: { size: '2' } }]);
    expect(foreignOrders([open], own, new Map([[SYMBOL, T0]]))).toEqual([]);
    expect(foreignOrders([open], own, new Map([[SYMBOL, T0 - 1]]))).toHaveLength(1);
    expect(foreignOrders([{ ...open, venueOrderId: '7', originalSize: '1.0' }], own, new Map())).toEqual([]);
  });
  it.each([{ side: 'sell' }, { originalSize: '2' }, { symbol: 'ETH/USDC:USDC' }] as const)(
    'says an order under an id of ours that is not as ours was: %o',
    (over) => {
      const order = { ...open, venueOrderId: '7', originalSize: '1', ...over };
      expect(foreignOrders([order], own, new Map())).toHaveLength(1);
    },
  );
  it('keeps an adopted one', () => {
    expect(foreignOrders([open], own, new Map([[SYMBOL, T0]]))).toEqual([]);
  });
});

describe('foreignWriter', () => {
  it('sees the tag of another installation, and only that', () => {
    const manual = fill();
    expect(foreignWriter([manual, fill({ clientOrderId: mine })], TAG)).toBeNull();
    expect(foreignWriter([manual, fill({ clientOrderId: foreignTag })], TAG)).toEqual({
      tag: 'ffffffff',
      clientOrderId: foreignTag,
      symbol: SYMBOL,
    });
  });
});

describe('positionAfter', () => {
  const step = (tradeId: string, startPosition: string, side: 'buy' | 'sell', size: string, venueTimeMs = T0) =>
    fill({ tradeId, startPosition, side, size, venueTimeMs });
  it('follows the chain of fills of the newest time, whatever their order', () => {
    const chain = [step('b', '-0.5', 'sell', '0.25'), step('a', '0', 'sell', '0.5'), step('c', '-0.75', 'buy', '1')];
    expect(positionAfter([...chain, step('old', '9', 'buy', '9', T0 - 1)])).toEqual({ size: '0.25', atMs: T0 });
  });
  it('is null when there is no last one, or no fill', () => {
    expect(positionAfter([step('a', '0', 'buy', '1'), step('b', '1', 'sell', '1')]), 'a circle').toBeNull();
    expect(positionAfter([step('a', '0', 'buy', '1'), step('b', '5', 'buy', '1')]), 'a gap').toBeNull();
    expect(positionAfter([])).toBeNull();
  });
});

describe('positionMismatch', () => {
  const check = (over: Partial<PositionCheck> = {}) =>
    positionMismatch({
      symbol: SYMBOL,
      explained: { size: '1', atMs: T0 },
      reported: { size: '3', venueTimeMs: T0 + 4_000 },
      settledAtMs: T0,
      hasWorkingOrder: false,
      fillsCompleteToMs: T0 + 9_000,
      adoptedAtMs: null,
      settleMs: 3_000,
      ...over,
    });
  it('is a position that our fills do not lead to', () => {
    expect(check()).toMatchObject({ reason: 'position-mismatch', detail: { explainedSize: '1', reportedSize: '3' } });
  });
  it.each([
    ['they agree', { reported: { size: '1.00', venueTimeMs: T0 + 4_000 } }],
    ['an order may still trade', { hasWorkingOrder: true }],
    ['the report is too close to the fill', { reported: { size: '3', venueTimeMs: T0 + 3_000 } }],
    ['the report is not later than the last end', { settledAtMs: T0 + 4_000 }],
    ['fills up to the report may be missing', { fillsCompleteToMs: T0 + 3_999 }],
    ['nothing is reported', { reported: null }],
    ['no fill is known', { explained: null }],
    ['a human adopted it since the fill', { adoptedAtMs: T0 + 1 }],
  ] as [string, Partial<PositionCheck>][])('is silent when %s', (_why, over) => {
    expect(check(over)).toBeNull();
  });
});

describe('watchMismatches', () => {
  const seen = (reportedSize: string, reportedAtMs: number) =>
    ({ symbol: SYMBOL, reason: 'position-mismatch', detail: { reportedSize, reportedAtMs } }) as const;
  it('counts only what is reported alike for long enough', () => {
    const first = watchMismatches({}, [seen('3', T0)], 60_000);
    expect(first).toEqual({ lasting: [], mismatches: { [SYMBOL]: { size: '3', sinceMs: T0 } } });
    expect(watchMismatches(first.mismatches, [seen('3', T0 + 59_999)], 60_000).lasting).toEqual([]);
    expect(watchMismatches(first.mismatches, [seen('3', T0 + 60_000)], 60_000).lasting).toHaveLength(1);
  });
  it('starts again when the size changes, and forgets what is explained', () => {
    const before = { [SYMBOL]: { size: '3', sinceMs: T0 } };
    const changed = watchMismatches(before, [seen('4', T0 + 60_000)], 60_000);
    expect(changed).toEqual({ lasting: [], mismatches: { [SYMBOL]: { size: '4', sinceMs: T0 + 60_000 } } });
    expect(watchMismatches(before, [], 60_000)).toEqual({ lasting: [], mismatches: {} });
  });
});

describe('parseTrackerMemory', () => {
  it('reads what was written, and nothing else', () => {
    const memory = { sinceMs: T0, openOrdersAtMs: T0 + 1, mismatches: { [SYMBOL]: { size: '3', sinceMs: T0 } } };
    expect(parseTrackerMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  });
  it.each([null, undefined, {}, 'x', { sinceMs: '1' }, { sinceMs: -1 }])('is null for %j', (value) => {
    expect(parseTrackerMemory(value)).toBeNull();
  });
  it('drops entries that are malformed', () => {
    const mismatches = { a: null, b: { size: 3, sinceMs: 1 }, c: { size: '1', sinceMs: 1 } };
    expect(parseTrackerMemory({ sinceMs: 1, openOrdersAtMs: 'x', mismatches })).toEqual({
      sinceMs: 1,
      openOrdersAtMs: 0,
      mismatches: { c: { size: '1', sinceMs: 1 } },
    });
  });
});
