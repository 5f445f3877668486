import { describe, expect, it } from 'vitest';
import { annualisedReturn, type LiveRun, type MarketStep, stepRun } from '#shared/core/runs/step-run.ts';
import { aBar, aPlan, aRun, RUNS_START_MS } from '#test/support/run-builders.ts';

/** A tick that closes the minute `index` at `close`. */
const closing = (index: number, close: number, price = close): MarketStep => ({
  timeMs: RUNS_START_MS + (index + 1) * 60_000,
  price,
  closedBars: [aBar(index, close)],
});
const at = (minutes: number, price: number): MarketStep => ({
  timeMs: RUNS_START_MS + minutes * 60_000,
  price,
  closedBars: [],
});
const over = (run: LiveRun, closes: readonly number[]) =>
  closes.reduce((r, close, i) => stepRun(r, closing(i, close)), run);
const RISE = Array.from({ length: 12 }, (_, i) => 100 + i);

describe('stepRun', () => {
  it('goes long by one unit at the price of the tick that closed the deciding bar', () => {
    const cold = over(aRun(), RISE.slice(0, 11));
    expect([cold.direction, cold.livePnlMicros]).toEqual([0, 0]);
    const long = stepRun(cold, closing(11, 111, 111.5));
    expect(long.direction).toBe(1);
    expect(long.state.account.sizeE8).toBe(Math.round((76 / 111.5) * 1e8));
    expect(long.livePnlMicros, 'two fees of 76 USD × 0.04 %').toBe(-60_800);
  });

  it('moves the profit with every tick and nothing else', () => {
    const long = over(aRun(), RISE);
    const later = stepRun(long, at(12.5, 120));
    expect(later.state).toBe(long.state);
    expect(later.livePnlMicros).toBeGreaterThan(long.livePnlMicros);
    expect(stepRun(later, at(12.6, 120)), 'the same price changes nothing').toBe(later);
  });

  it('takes the other side when inverted', () => {
    expect(over(aRun(aPlan({ inverted: true })), RISE).direction).toBe(-1);
  });

  it('ends by age with its position closed and its profit booked', () => {
    const long = over(aRun(aPlan({ maxDurationMs: 780_000 })), RISE);
    expect(stepRun(long, at(13, 120)).ended, 'the limit itself is within').toBeNull();
    const ended = stepRun(long, at(13.01, 120));
    expect(ended.ended).toEqual({ reason: 'max-duration', atMs: RUNS_START_MS + 780_600 });
    expect([ended.direction, ended.state.account.sizeE8]).toEqual([0, 0]);
    expect(ended.livePnlMicros).toBeGreaterThan(0);
  });

  it('ends at its target', () => {
    const long = over(aRun(aPlan({ aprTarget: 2.47 })), RISE);
    expect(stepRun(long, at(12.5, 113)).ended).toBeNull();
    expect(stepRun(long, at(12.5, 120)).ended?.reason).toBe('target');
  });

  it('ends instead of opening anew once its time for new directions is over', () => {
    const late = aRun(aPlan({ maxDirectionReversalMs: 60_000 }));
    expect(over(late, RISE).ended?.reason).toBe('reversal');
    const holding = over(aRun(aPlan({ maxDirectionReversalMs: 12 * 60_000 })), RISE);
    expect(stepRun(holding, at(14, 112)).ended, 'a run that holds a position may keep it').toBeNull();
  });

  it('returns an ended run as it is', () => {
    const ended = aRun(aPlan(), { ended: { reason: 'target', atMs: 1 } });
    expect(stepRun(ended, closing(0, 100))).toBe(ended);
  });

  it('stays flat at a price that cannot be traded', () => {
    const long = over(aRun(aPlan({ notionalQuote: 1e-9 })), RISE);
    expect([long.direction, long.ended]).toEqual([0, null]);
  });
});

describe('annualisedReturn', () => {
  it('is the original’s formula, with an hour as the shortest age', () => {
    expect(annualisedReturn(70, 7000, 10 * 3_600_000)).toBeCloseTo((0.01 / 10) * 24 * 365.24, 9);
    expect(annualisedReturn(70, 7000, 1)).toBe(annualisedReturn(70, 7000, 3_600_000));
  });
});
