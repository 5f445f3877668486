import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CANDLES_PER_FETCH_MAX,
  type DueRules,
  dueSeries,
  type SeriesProgress,
} from '#shared/core/market/due-series.ts';

const M = 60_000;
/** 10:00:05; with two seconds of grace the newest closed 1m bar opened at 09:59. */
const TEN = Date.UTC(2026, 0, 5, 10);
const NOW = TEN + 5_000;
const rules: DueRules = {
  lookbackBars: 20,
  settleMs: 2_000,
  requeueAfterMs: 45_000,
  failureWaitMs: 30_000,
  failureWaitMaxMs: 300_000,
};
const progress = (change: Partial<SeriesProgress>): SeriesProgress => ({
  lastFinalOpenMs: null,
  queuedAtMs: null,
  failures: 0,
  failedAtMs: null,
  ...change,
});
const due = (change: Partial<SeriesProgress> | undefined, nowMs = NOW) =>
  dueSeries('1m', change && progress(change), rules, nowMs);

describe('dueSeries', () => {
  it('asks for the lookback at first, and for the running bar with it', () => {
    expect(due(undefined)).toEqual({ barMs: TEN - M, fromMs: TEN - 20 * M, toMs: TEN });
    expect(due({})).toEqual(due(undefined));
  });

  it('asks for the one bar that closed, and for nothing when none has', () => {
    expect(due({ lastFinalOpenMs: TEN - 2 * M })).toEqual({ barMs: TEN - M, fromMs: TEN - M, toMs: TEN });
    expect(due({ lastFinalOpenMs: TEN - M })).toBeNull();
  });

  it('does not wait for what a clock that was a day ahead has stored', () => {
    const dayAhead = NOW + 86_400_000;
    expect(due({ lastFinalOpenMs: TEN - 2 * M, queuedAtMs: dayAhead })?.fromMs).toBe(TEN - M);
    expect(due({ lastFinalOpenMs: TEN - 2 * M, failures: 1, failedAtMs: dayAhead })?.fromMs).toBe(TEN - M);
    expect(due({ lastFinalOpenMs: dayAhead })?.fromMs).toBe(TEN - 20 * M);
  });

  it('lets the venue close a bar before asking', () => {
    expect(due({ lastFinalOpenMs: TEN - 2 * M }, TEN + 1_999)).toBeNull();
    expect(due({ lastFinalOpenMs: TEN - 2 * M }, TEN + 2_000)).not.toBeNull();
  });

  it('asks for what is missing, be it longer than the lookback', () => {
    expect(due({ lastFinalOpenMs: TEN - 3 * M })?.fromMs).toBe(TEN - 2 * M);
    expect(due({ lastFinalOpenMs: TEN - 100 * M })?.fromMs).toBe(TEN - 99 * M);
  });

  it('asks for the lookback again with the first bar of a day, for bars that the venue refused before or the settings want by now', () => {
    const midnight = Date.UTC(2026, 0, 6);
    const ask = (lastFinalOpenMs: number, nowMs: number) => due({ lastFinalOpenMs }, nowMs)?.fromMs;
    expect(ask(midnight - 2 * M, midnight + 5_000)).toBe(midnight - M);
    expect(ask(midnight - M, midnight + M + 5_000)).toBe(midnight - 19 * M);
    expect(ask(midnight - 100 * M, midnight + M + 5_000)).toBe(midnight - 99 * M);
    expect(ask(midnight, midnight + 2 * M + 5_000)).toBe(midnight + M);
  });

  it('never asks for more bars than the venue gives', () => {
    expect(due({ lastFinalOpenMs: 0 })?.fromMs).toBe(TEN - (CANDLES_PER_FETCH_MAX - 1) * M);
  });

  it('does not queue again what was queued a moment ago, unless it failed since', () => {
    const last = { lastFinalOpenMs: TEN - 2 * M };
    expect(due({ ...last, queuedAtMs: NOW - 44_999 })).toBeNull();
    expect(due({ ...last, queuedAtMs: NOW - 45_000 })).not.toBeNull();
    expect(due({ ...last, queuedAtMs: NOW - 40_000, failures: 1, failedAtMs: NOW - 30_000 })).not.toBeNull();
    expect(due({ ...last, queuedAtMs: NOW - 20_000, failures: 1, failedAtMs: NOW - 30_000 })).toBeNull();
  });

  it('waits twice as long after each failure, up to the longest', () => {
    const waits = [1, 2, 3, 4, 5, 50].map((failures) => {
      let waitMs = 0;
      while (due({ failures, failedAtMs: NOW - waitMs }) === null) waitMs += 1_000;
      return waitMs / 1_000;
    });
    expect(waits).toEqual([30, 60, 120, 240, 300, 300]);
  });

  it('always asks for whole bars up to the running one, the newest closed among them', () => {
    const timeframes = fc.constantFrom('1m' as const, '15m' as const, '4h' as const, '1d' as const);
    const time = fc.integer({ min: TEN, max: TEN + 1e9 });
    fc.assert(
      fc.property(timeframes, time, fc.option(fc.nat(400)), (timeframe, nowMs, behind) => {
        const step = { '1m': 1, '15m': 15, '4h': 240, '1d': 1440 }[timeframe] * M;
        const running = Math.floor((nowMs - rules.settleMs) / step) * step;
        const lastFinalOpenMs = behind === null ? null : running - step * (1 + behind);
        const series = dueSeries(timeframe, progress({ lastFinalOpenMs }), rules, nowMs);
        if (behind === 0) expect(series).toBeNull();
        else {
          expect(series).toMatchObject({ barMs: running - step, toMs: running });
          expect((series!.toMs - series!.fromMs) % step).toBe(0);
          expect(series!.fromMs).toBeLessThanOrEqual(series!.barMs);
          if (lastFinalOpenMs !== null) expect(series!.fromMs).toBeLessThanOrEqual(lastFinalOpenMs + step);
        }
      }),
    );
  });
});
