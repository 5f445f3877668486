import { describe, expect, it } from 'vitest';
import { timesRealTime } from '#local/replay/market-driver.ts';
import { addCounts, invocationsOf, NO_COUNTS } from '#local/replay/replay-counts.ts';
import { replayIds } from '#local/replay/replay-ids.ts';

const life = (slots: Record<string, number>, counts: Record<string, number>) =>
  ({
    plumbing: { schedules: { slots: () => slots }, invoker: { counts: () => counts, failures: () => ({}) } },
  }) as never;

describe('counts of a replay', () => {
  it('adds up lives and tells slots from what was asked for beyond them', () => {
    const one = addCounts(NO_COUNTS, life({ balance: 10 }, { balance: 13, 'price-consumer': 40 }));
    const two = addCounts(one, life({ balance: 5 }, { balance: 5, 'order-gateway': 1 }));

    expect(invocationsOf(two)).toEqual({
      balance: 15,
      'balance:requested': 3,
      'order-gateway': 1,
      'price-consumer': 40,
    });
  });
});

describe('replayIds', () => {
  it('repeats with seed and segment, and gives 16 hex characters that no other segment gives', () => {
    const draw = (seed: number, segment: number) => {
      const ids = replayIds(seed, segment);
      return Array.from({ length: 50 }, () => ids.next());
    };

    const all = Array.from({ length: 40 }, (_, segment) => draw(1, segment)).flat();

    expect(draw(1, 3)).toEqual(draw(1, 3));
    expect(draw(2, 3)).not.toEqual(draw(1, 3));
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
  });
});

describe('timesRealTime', () => {
  it('lets market time pass as many times faster as asked', () => {
    const pace = timesRealTime(60, 1_000_000);

    expect(pace.waitMs(1_000_000 + 600_000)).toBeGreaterThan(9_000);
    expect(pace.waitMs(1_000_000 + 600_000)).toBeLessThanOrEqual(10_000);
    expect(pace.waitMs(1_000_000)).toBeLessThanOrEqual(0);
  });
});
