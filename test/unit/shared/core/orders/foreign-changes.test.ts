import { describe, expect, it } from 'vitest';
import {
  chainBreak,
  comparePosition,
  foreignFills,
  foreignOrders,
  foreignWriter,
  isMended,
  type PositionCheck,
  type PositionVerdict,
  positionAfter,
} from '#shared/core/orders/foreign-changes.ts';
import { parseTrackerMemory, watchBreaks, watchMismatches } from '#shared/core/orders/tracker-memory.ts';
import type { VenueFill } from '#shared/ports/exchange.ts';
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
  it('is null where the venue does not say where a fill began: no guess takes its place', () => {
    const silent = fill({ tradeId: 'b', startPosition: null, side: 'buy', size: '1' });
    expect(positionAfter([step('a', '0', 'buy', '1'), silent])).toBeNull();
    expect(chainBreak([step('a', '0', 'buy', '1')], [silent], null), 'and breaks no chain').toBeNull();
  });
});

describe('chainBreak', () => {
  const step = (tradeId: string, startPosition: string, side: 'buy' | 'sell', size: string, venueTimeMs: number) =>
    fill({ tradeId, startPosition, side, size, venueTimeMs });
  const stored = [step('a', '0', 'buy', '2', T0)];
  it('is silent while every fill begins where one before it ended', () => {
    const next = [step('c', '1.5', 'sell', '1.5', T0 + 5), step('b', '2.0', 'sell', '0.5', T0 + 5)];
    expect(chainBreak(stored, [...stored, ...next], null)).toBeNull();
    expect(chainBreak([], next, null), 'nothing is stored').toBeNull();
    expect(chainBreak(stored, [step('b', '9', 'buy', '1', T0 - 1)], null), 'an older fill').toBeNull();
    expect(chainBreak(stored, [step('b', '9', 'buy', '1', T0 + 5)], T0), 'adopted since').toBeNull();
  });
  it('tells of a fill that begins elsewhere: the position vanished, and we opened it again', () => {
    expect(chainBreak(stored, [step('b', '0', 'buy', '2', T0 + 5)], null)).toEqual({
      tradeId: 'b',
      expectedSize: '2',
      startPosition: '0',
      atMs: T0 + 5,
    });
  });
  it('is mended by a fill that became visible late', () => {
    const gap = chainBreak(stored, [step('b', '0', 'buy', '2', T0 + 5)], null)!;
    expect(isMended(gap, [step('late', '2', 'sell', '2', T0 + 3)])).toBe(true);
    expect(isMended(gap, [step('b', '-2', 'buy', '2', T0 + 5), step('x', '2', 'sell', '1', T0 + 3)])).toBe(false);
  });
});

describe('watchBreaks', () => {
  const gap = { tradeId: 'b', expectedSize: '2', startPosition: '0', atMs: T0 };
  const watch = (before: object, over: { fills?: VenueFill[]; complete?: boolean; nowMs?: number } = {}) =>
    watchBreaks(
      before as never,
      new Map(),
      { fills: over.fills ?? [], complete: over.complete ?? true },
      over.nowMs ?? T0 + 5_000,
      5_000,
    );
  it('counts a break once no late fill can mend it', () => {
    expect(watch({ [SYMBOL]: gap }, { nowMs: T0 + 4_999 })).toEqual({ lasting: [], breaks: { [SYMBOL]: gap } });
    expect(watch({ [SYMBOL]: gap }, { complete: false }).lasting, 'not all fills were read').toEqual([]);
    expect(watch({ [SYMBOL]: gap })).toMatchObject({
      lasting: [{ symbol: SYMBOL, reason: 'position-mismatch', detail: { expectedSize: '2', startPosition: '0' } }],
      breaks: {},
    });
    const late = fill({ tradeId: 'late', side: 'sell', startPosition: '2', size: '2', venueTimeMs: T0 - 1 });
    expect(watch({ [SYMBOL]: gap }, { fills: [late] })).toEqual({ lasting: [], breaks: {} });
  });
});

describe('comparePosition', () => {
  const check = (over: Partial<PositionCheck> = {}) =>
    comparePosition({
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
    expect(check()).toMatchObject({
      kind: 'differs',
      change: { reason: 'position-mismatch', detail: { explainedSize: '1', reportedSize: '3' } },
    });
  });
  it.each([
    ['an order may still trade', { hasWorkingOrder: true }],
    ['the report is too close to the fill', { reported: { size: '3', venueTimeMs: T0 + 3_000 } }],
    ['the report is not later than the last end', { settledAtMs: T0 + 4_000 }],
    ['fills up to the report may be missing', { fillsCompleteToMs: T0 + 3_999 }],
    ['nothing is reported', { reported: null }],
    ['no fill is known', { explained: null }],
  ] as [string, Partial<PositionCheck>][])('is silent when %s', (_why, over) => {
    expect(check(over)).toEqual({ kind: 'silent' });
  });
  it('agrees with the same size, and with what a human adopted since the fill', () => {
    expect(check({ reported: { size: '1.00', venueTimeMs: T0 + 4_000 } })).toEqual({ kind: 'agrees' });
    expect(check({ adoptedAtMs: T0 + 1 })).toEqual({ kind: 'agrees' });
    expect(check({ adoptedAtMs: T0 + 1, hasWorkingOrder: true })).toEqual({ kind: 'agrees' });
  });
});

describe('watchMismatches', () => {
  const seen = (reportedSize: string, reportedAtMs: number): ReadonlyMap<string, PositionVerdict> => {
    const change = { symbol: SYMBOL, reason: 'position-mismatch', detail: { reportedSize, reportedAtMs } } as const;
    return new Map([[SYMBOL, { kind: 'differs', change }]]);
  };
  const says = (kind: 'silent' | 'agrees') => new Map([[SYMBOL, { kind }]]);
  it('counts only what is reported alike for long enough', () => {
    const first = watchMismatches({}, seen('3', T0), 60_000);
    expect(first).toEqual({ lasting: [], mismatches: { [SYMBOL]: { size: '3', sinceMs: T0 } } });
    expect(watchMismatches(first.mismatches, seen('3', T0 + 59_999), 60_000).lasting).toEqual([]);
    expect(watchMismatches(first.mismatches, seen('3', T0 + 60_000), 60_000).lasting).toHaveLength(1);
  });
  it('starts again when the size changes, forgets what is explained, and remembers through silence', () => {
    const before = { [SYMBOL]: { size: '3', sinceMs: T0 } };
    const changed = watchMismatches(before, seen('4', T0 + 60_000), 60_000);
    expect(changed).toEqual({ lasting: [], mismatches: { [SYMBOL]: { size: '4', sinceMs: T0 + 60_000 } } });
    expect(watchMismatches(before, says('agrees'), 60_000)).toEqual({ lasting: [], mismatches: {} });
    expect(watchMismatches(before, says('silent'), 60_000)).toEqual({ lasting: [], mismatches: before });
    expect(watchMismatches({}, says('silent'), 60_000)).toEqual({ lasting: [], mismatches: {} });
  });
});

describe('parseTrackerMemory', () => {
  it('reads what was written, and nothing else', () => {
    const breaks = { [SYMBOL]: { tradeId: 'b', expectedSize: '2', startPosition: '0', atMs: T0 } };
    const mismatches = { [SYMBOL]: { size: '3', sinceMs: T0 } };
    const memory = { sinceMs: T0, openOrdersAtMs: T0 + 1, mismatches, breaks };
    expect(parseTrackerMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  });
  it.each([null, undefined, {}, 'x', { sinceMs: '1' }, { sinceMs: -1 }])('is null for %j', (value) => {
    expect(parseTrackerMemory(value)).toBeNull();
  });
  it('drops entries that are malformed', () => {
    const mismatches = { a: null, b: { size: 3, sinceMs: 1 }, c: { size: '1', sinceMs: 1 } };
    const breaks = { a: null, b: { tradeId: 'x', expectedSize: '1', startPosition: 'y', atMs: 1 } };
    expect(parseTrackerMemory({ sinceMs: 1, openOrdersAtMs: 'x', mismatches, breaks })).toEqual({
      sinceMs: 1,
      openOrdersAtMs: 0,
      mismatches: { c: { size: '1', sinceMs: 1 } },
      breaks: {},
    });
  });
});
