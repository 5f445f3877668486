import { describe, expect, it } from 'vitest';
import { planPopulation } from '#shared/core/runs/plan-population.ts';
import { providenceSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { decodeRunPlan } from '#shared/core/runs/run-params.ts';
import { decodeRunState } from '#shared/core/runs/run-state.ts';
import { RUNS_START_MS } from '#test/support/run-builders.ts';

const symbols = [
  { symbol: 'BTC/USDC:USDC', leverage: 40 },
  { symbol: 'XYZ-CL/USDC:USDC', leverage: 10 },
];
const plan = (settings: object = {}, fields: object = {}) =>
  planPopulation({
    exchange: 'sim',
    slotMs: RUNS_START_MS,
    nowMs: RUNS_START_MS + 5,
    symbols,
    liveRuns: new Map(),
    settings: providenceSettingsSchema.parse(settings),
    ...fields,
  });

describe('planPopulation', () => {
  it('fills up to the desired count and removes nothing', () => {
    expect(plan().newRuns.length).toBe(100);
    expect(plan({}, { liveRuns: new Map([['BTC/USDC:USDC', 97]]) }).newRuns.length).toBe(3);
    expect(plan({}, { liveRuns: new Map([['BTC/USDC:USDC', 120]]) })).toMatchObject({ needed: 0, newRuns: [] });
  });

  it('draws the same runs for the same seed and slot, and others for another', () => {
    expect(plan()).toEqual(plan());
    const params = (p: ReturnType<typeof plan>) => p.newRuns.map((run) => run.paramsJson);
    expect(params(plan({ seed: '2' }))).not.toEqual(params(plan()));
    expect(params(plan({}, { slotMs: RUNS_START_MS + 300_000 }))).not.toEqual(params(plan()));
  });

  it('draws symbols in proportion to their leverage', () => {
    const btc = plan({ desired_run_count: 400 }).newRuns.filter((run) => run.symbol === 'BTC/USDC:USDC').length;
    expect(btc).toBeGreaterThan(280);
    expect(btc).toBeLessThan(360);
  });

  it('gives a symbol no more runs beyond its cap and says how many found no place', () => {
    const full = plan({ desired_run_count: 60, max_margin_allocation_threshold: 1 });
    // runs ÷ leverage may reach 1, and is checked before the run is added: one more than the leverage each.
    expect(full.newRuns.length).toBe(41 + 11);
    expect(full.withoutSymbol).toBe(8);
    expect(plan({}, { symbols: [] })).toMatchObject({ newRuns: [], withoutSymbol: 100 });
  });

  it('draws every parameter within its range, as runs that can be read back', () => {
    const settings = {
      desired_run_count: 200,
      min_duration_s: 600,
      max_duration_s: 7200,
      strategies: { 'ema-crossover': { params: { fast_bars: [3, 5], slow_bars: 20 } } },
    };
    for (const run of plan(settings).newRuns) {
      const decoded = decodeRunPlan(run.strategy, run.paramsJson)!;
      expect(decoded.maxDurationMs).toBeGreaterThanOrEqual(600_000);
      expect(decoded.maxDurationMs).toBeLessThanOrEqual(7_200_000);
      expect(decoded.aprTarget).toBeGreaterThanOrEqual(2.47);
      expect(decoded.aprTarget).toBeLessThanOrEqual(12.37);
      expect(decoded.maxDirectionReversalMs).toBeLessThanOrEqual(decoded.maxDurationMs);
      if (run.strategy === 'ema-crossover') expect(decoded.strategy).toMatchObject({ slowBars: 20 });
      expect(decodeRunState(decoded, run.state)).not.toBeNull();
    }
    expect(new Set(plan(settings).newRuns.map((run) => run.strategy)).size).toBe(2);
  });

  it('draws no strategy whose share is 0', () => {
    const only = plan({ strategies: { 'ema-crossover': { share: 0 } } });
    expect(new Set(only.newRuns.map((run) => run.strategy))).toEqual(new Set(['entropy-breakout']));
  });

  it('limits one pass', () => {
    expect(plan({ max_new_runs_per_cycle: 10 })).toMatchObject({ needed: 100, withoutSymbol: 0 });
    expect(plan({ max_new_runs_per_cycle: 10 }).newRuns.length).toBe(10);
  });
});
