import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { providenceSettingsSchema, takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';

const shipped = (file: string) =>
  parse(readFileSync(new URL(`../../../../../config/${file}`, import.meta.url), 'utf8')) as Record<string, object>;

describe('settings of runs', () => {
  it('understand the sections of the shipped configuration', () => {
    const defaults = shipped('default.yaml');
    expect(providenceSettingsSchema.parse(defaults.providence)).toMatchObject({
      desired_run_count: 100,
      virtual_balance: 7000,
      max_margin_allocation_threshold: 45,
    });
    expect(takeProfitSettingsSchema.parse(defaults.take_profit)).toMatchObject({ threshold: 1, reward_multiple: 5 });
    const local = { ...defaults.providence, ...shipped('local.yaml').providence };
    expect(providenceSettingsSchema.safeParse(local).success).toBe(true);
  });

  it('fill what a section leaves out with the values of the original', () => {
    const settings = providenceSettingsSchema.parse({});
    expect(settings).toMatchObject({ desired_run_count: 100, virtual_balance: 7000, apr_target: [20, 100] });
    expect(settings.virtual_balance * settings.pos_weight).toBeCloseTo(76.376663, 5);
    expect(settings.strategies['ema-crossover']).toMatchObject({ share: 1, timeframe: '1m' });
  });

  it('take one value for a range of one', () => {
    const settings = providenceSettingsSchema.parse({ strategies: { 'ema-crossover': { params: { slow_bars: 20 } } } });
    expect(settings.strategies['ema-crossover'].params.slow_bars).toEqual([20, 20]);
  });

  it.each([
    { strategies: { 'ema-crossover': { params: { fast_bars: [9, 3] } } } },
    { strategies: { 'ema-crossover': { params: { quick_bars: 3 } } } },
    { strategies: { 'ema-crossover': { share: 0 }, 'entropy-breakout': { share: 0 } } },
    { strategies: { 'ema-crossover': { timeframe: '4h' } } },
    { min_duration_s: 500, max_duration_s: 400 },
    { max_position_direction: 5 },
    { desired_runs: 5 },
  ])('refuse %j', (settings) => {
    expect(providenceSettingsSchema.safeParse(settings).success).toBe(false);
  });
});
