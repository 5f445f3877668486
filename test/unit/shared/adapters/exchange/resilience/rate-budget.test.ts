import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallClass } from '#shared/adapters/exchange/resilience/call-class.ts';
import { RateBudget } from '#shared/adapters/exchange/resilience/rate-budget.ts';
import { manualClock } from '#test/support/manual-clock.ts';

const T0 = 1_700_000_000_000;
const make = () => {
  const clock = manualClock(T0);
  return { clock, budget: new RateBudget(clock, 1200) };
};

describe('rate budget', () => {
  it('stops market data first, then entries, then status, and exits never', () => {
    const { budget } = make();
    expect(budget.take('market-data', 840)).toBe(0);
    expect(budget.take('market-data', 2)).toBeGreaterThan(0);
    expect(budget.take('open', 120)).toBe(0);
    expect(budget.take('open', 1)).toBeGreaterThan(0);
    expect(budget.take('status', 180)).toBe(0);
    expect(budget.take('status', 2)).toBeGreaterThan(0);
    expect(budget.take('reduce', 60)).toBe(0);
    expect(budget.take('reduce', 1), 'our estimate never stops an exit').toBe(0);
    expect(budget.take('protect', 1)).toBe(0);
  });

  it('is not full for an hour after a clock that was an hour ahead', () => {
    const { clock, budget } = make();
    clock.set(T0 + 3_600_000);
    expect(budget.take('market-data', 840)).toBe(0);
    budget.refused(20_000, 10_000);
    clock.set(T0 + 1_000);
    expect(budget.take('market-data', 100), 'what was booked counts from now on').toBeLessThanOrEqual(60_000);
    clock.set(T0 + 62_000);
    expect(budget.take('market-data', 100)).toBe(0);
  });

  it('lets a call through after exactly the wait that it named', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            callClass: fc.constantFrom<CallClass>('market-data', 'open', 'status'),
            weight: fc.integer({ min: 1, max: 400 }),
            passMs: fc.integer({ min: 0, max: 20_000 }),
          }),
          { maxLength: 40 },
        ),
        (calls) => {
          const { clock, budget } = make();
          for (const { callClass, weight, passMs } of calls) {
            clock.set(clock.nowMs() + passMs);
            const waitMs = budget.take(callClass, weight);
            if (waitMs === 0) continue;
            expect(waitMs).toBeLessThanOrEqual(60_000);
            clock.set(clock.nowMs() + waitMs);
            expect(budget.take(callClass, weight)).toBe(0);
          }
        },
      ),
    );
  });

  it('never books more than the limit of a class into any minute', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 9_000 })), { maxLength: 60 }),
        (calls) => {
          const { clock, budget } = make();
          const booked: { atMs: number; weight: number }[] = [];
          for (const [weight, passMs] of calls) {
            clock.set(clock.nowMs() + passMs);
            if (budget.take('market-data', weight) === 0) booked.push({ atMs: clock.nowMs(), weight });
            const minute = booked.filter(({ atMs }) => atMs > clock.nowMs() - 59_000);
            expect(minute.reduce((sum, { weight: w }) => sum + w, 0)).toBeLessThanOrEqual(840);
          }
        },
      ),
    );
  });

  it('counts what a long reply cost afterwards', () => {
    const { budget } = make();
    budget.charge(839);
    expect(budget.take('market-data', 2)).toBeGreaterThan(0);
    expect(budget.usedWeight()).toBe(839);
  });

  it('keeps quiet for as long as the venue asked, exits excepted', () => {
    const { budget, clock } = make();
    budget.refused(7_000, 10_000);
    expect(budget.take('status', 2)).toBe(7_000);
    expect(budget.take('reduce', 1)).toBe(0);
    clock.set(T0 + 7_000);
    expect(budget.take('status', 2)).toBe(0);
    budget.refused(null, 10_000);
    expect(budget.take('open', 1), 'it named no time').toBe(10_000);
  });
});
