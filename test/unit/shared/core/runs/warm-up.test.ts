import { describe, expect, it } from 'vitest';
import type { Candle } from '#shared/core/market/candle.ts';
import { advanceCohort, type Cohort, newCohort } from '#shared/core/runs/cohort.ts';
import { isRunWarm, stepCohort } from '#shared/core/runs/step-cohort.ts';
import { neededWarmupBars, warmUpCohort } from '#shared/core/runs/warm-up.ts';
import { aRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const MINUTE = 60_000;
const candle = (index: number, close: number, final = true): Candle => ({
  exchange: 'sim',
  symbol: 'BTC/USDC:USDC',
  timeframe: '1m',
  openTimeMs: RUNS_START_MS + index * MINUTE,
  open: `${close}`,
  high: `${close + 2}`,
  low: `${close - 2}`,
  close: `${close}`,
  volume: '1',
  final,
});
const candles = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => candle(from + i, 100 + from + i));
const tick = (minute: number, price: number) => ({
  id: `${minute}`,
  px: `${price}`,
  t: RUNS_START_MS + minute * MINUTE,
});

/** Ticks began in minute 20 after a hole. */
const gapped = (): Cohort => {
  const live: Cohort = { ...newCohort('sim', 'BTC/USDC:USDC'), dataState: 'live' };
  return advanceCohort(live, [tick(20.1, 121), tick(20.5, 122)], true).cohort;
};

describe('warmUpCohort', () => {
  it('gives cold runs the candles before the forming bar and makes the symbol live', () => {
    const before = { cohort: gapped(), runs: [aRun()] };
    expect(before.cohort.dataState).toBe('data-gap');
    expect(neededWarmupBars(before.runs)).toBe(12);
    const warm = warmUpCohort(before, candles(5, 20), 1)!;
    expect(warm).toMatchObject({ bars: 15, warmed: 1 });
    expect(warm.runs.every(isRunWarm)).toBe(true);
    expect(warm.cohort).toMatchObject({ dataState: 'live', dataStateSinceMs: 1 });
    expect(warm.runs[0]!.direction, 'a warm-up trades nothing').toBe(0);
  });

  it('leaves the strategy where stepping over the same bars would have', () => {
    const warm = warmUpCohort({ cohort: gapped(), runs: [aRun()] }, candles(8, 20), 1)!;
    const ticks = candles(8, 20).map((c) => ({ id: `c${c.openTimeMs}`, px: c.close, t: c.openTimeMs }));
    const stepped = stepCohort(
      { cohort: newCohort('sim', 'BTC/USDC:USDC'), runs: [aRun()] },
      [...ticks, tick(20.1, 121)],
      false,
    );
    expect(warm.runs[0]!.state.strategy).toEqual(stepped.runs[0]!.state.strategy);
  });

  it('bridges candles that are not stored yet with the bars of the ticks since the hole', () => {
    let { cohort } = { cohort: gapped() };
    cohort = advanceCohort(cohort, [tick(21.1, 123), tick(22.1, 124), tick(23.1, 125)], false).cohort;
    const warm = warmUpCohort({ cohort, runs: [aRun()] }, candles(5, 21), 1)!;
    expect(warm.bars).toBe(18);
    expect(warm.cohort.dataState).toBe('live');
  });

  it('takes nothing from before a missing candle', () => {
    const holed = candles(5, 20).filter((c) => c.openTimeMs !== RUNS_START_MS + 15 * MINUTE);
    const warm = warmUpCohort({ cohort: gapped(), runs: [aRun()] }, holed, 1)!;
    expect(warm.bars).toBe(4);
    expect(warm.cohort.dataState).toBe('data-gap');
    expect(warm.runs.every(isRunWarm)).toBe(false);
  });

  it('completes the forming bar from the running candle', () => {
    const warm = warmUpCohort({ cohort: gapped(), runs: [] }, [candle(20, 130, false)], 1)!;
    expect(warm.cohort.forming).toMatchObject({ open: 130, high: 132, low: 121, close: 122 });
  });

  it('answers null before the first tick', () => {
    expect(warmUpCohort({ cohort: newCohort('sim', 'X'), runs: [aRun()] }, candles(0, 20), 1)).toBeNull();
  });
});

describe('stepCohort', () => {
  it('forgets what the strategies learned at a hole and keeps their positions', () => {
    const rise = Array.from({ length: 14 }, (_, i) => tick(i, 100 + i));
    const live = stepCohort({ cohort: newCohort('sim', 'BTC/USDC:USDC'), runs: [aRun()] }, rise, false);
    expect([live.cohort.dataState, live.runs[0]!.direction]).toEqual(['live', 1]);
    const holed = stepCohort(live, [tick(30, 140), tick(31, 90), tick(32, 80)], true);
    expect([holed.cohort.dataState, holed.gap]).toEqual(['data-gap', true]);
    expect(holed.runs[0]!.direction).toBe(1);
    expect(isRunWarm(holed.runs[0]!)).toBe(false);
    expect(holed.runs[0]!.livePnlMicros, 'it is still marked to the price').toBeLessThan(0);
  });

  it('warms up again by ticks alone when no candles come', () => {
    const cohort = gapped();
    const ticks = Array.from({ length: 13 }, (_, i) => tick(21 + i, 100 + i));
    expect(stepCohort({ cohort, runs: [aRun()] }, ticks.slice(0, 11), false).cohort.dataState).toBe('data-gap');
    expect(stepCohort({ cohort, runs: [aRun()] }, ticks, false).cohort.dataState).toBe('live');
  });
});
