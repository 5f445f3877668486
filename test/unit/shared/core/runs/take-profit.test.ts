import { describe, expect, it } from 'vitest';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import {
  newTakeProfitState,
  rearmTakeProfit,
  stepTakeProfit,
  type TakeProfitState,
} from '#shared/core/runs/take-profit.ts';

const settings = takeProfitSettingsSchema.parse({});
const point = (t: number, equity: string, net = '0', complete = true) => ({
  venueTimeMs: t,
  equityQuote: equity,
  netTransfersQuote: net,
  complete,
});
const armed = (baseline = '1000', net = '0'): TakeProfitState => ({
  ...newTakeProfitState('sim', 'main'),
  baselineQuote: baseline,
  netTransfersQuote: net,
  lastVenueTimeMs: 10,
  version: 3,
});
const verdict = (state: TakeProfitState, ...rest: Parameters<typeof point>) =>
  stepTakeProfit(state, point(...rest), settings);

describe('stepTakeProfit', () => {
  it('takes the median of the first five values as its baseline', () => {
    let state = newTakeProfitState('sim', 'main');
    for (const [i, equity] of ['1000', '5', '1010', '990', '1005'].entries()) {
      const step = verdict(state, i + 1, equity);
      expect(step.verdict).toBe('forming-baseline');
      state = step.state;
    }
    expect(state).toMatchObject({ baselineQuote: '1000', samples: [] });
  });

  it('keeps a deposit during the first five values out of the median', () => {
    let state = newTakeProfitState('sim', 'main');
    for (const [i, [equity, net]] of [
      ['100', '100'],
      ['100', '100'],
      ['600', '600'],
      ['600', '600'],
      ['600', '600'],
    ].entries()) {
      state = verdict(state, i + 1, equity!, net).state;
    }
    expect(state.baselineQuote).toBe('600');
  });

  it('takes profit at the threshold itself and finalises the cohort under a new height', () => {
    expect(verdict(armed(), 20, '1999.99').verdict).toBe('within');
    const hit = verdict(armed(), 20, '2000');
    expect(hit).toMatchObject({ verdict: 'take-profit', change: 1 });
    expect(hit.state).toMatchObject({ latched: 'take-profit', latchedAtMs: 20, height: 1, baselineQuote: '2000' });
  });

  it('stops at a drawdown beyond threshold ÷ multiple; exactly there does nothing', () => {
    expect(verdict(armed(), 20, '800').verdict).toBe('within');
    const hit = verdict(armed(), 20, '799.99');
    expect(hit.verdict).toBe('drawdown');
    expect(hit.state).toMatchObject({ latched: 'drawdown', height: 0 });
  });

  it('takes a deposit for no profit and a withdrawal for no loss', () => {
    const paidIn = verdict(armed(), 20, '3000', '2000');
    expect(paidIn).toMatchObject({ verdict: 'within', change: 0 });
    expect(verdict(paidIn.state, 30, '2400', '2000')).toMatchObject({ verdict: 'within', change: -0.2 });
    expect(verdict(paidIn.state, 30, '2399', '2000').verdict).toBe('drawdown');
    expect(verdict(armed(), 20, '400', '-600')).toMatchObject({ verdict: 'within', change: 0 });
  });

  it('keeps the change so far when money moves', () => {
    const earned = verdict(armed(), 20, '1500');
    const paidOut = verdict(earned.state, 30, '500', '-1000');
    expect(paidOut.change).toBeCloseTo(0.5, 12);
  });

  it('calls a total loss that was paid in again a drawdown', () => {
    expect(verdict(armed(), 20, '500', '500').verdict).toBe('drawdown');
  });

  it('decides nothing on an incomplete balance', () => {
    const step = verdict(armed(), 20, '1', '0', false);
    expect(step).toMatchObject({ verdict: 'incomplete', change: null });
    expect(step.state).toEqual({ ...armed(), lastVenueTimeMs: 20 });
  });

  it('changes nothing on a balance that is not newer', () => {
    const state = armed();
    expect(verdict(state, 10, '9999').state).toBe(state);
  });

  it('stays latched until a human clears it, then forms a new baseline', () => {
    const hit = verdict(armed(), 20, '2000').state;
    const later = verdict(hit, 1e12, '9999');
    expect(later.verdict).toBe('latched');
    expect(later.state.latched).toBe('take-profit');
    const cleared = rearmTakeProfit(later.state);
    expect(cleared).toMatchObject({ latched: null, latchedAtMs: null, baselineQuote: null, samples: [], height: 1 });
    expect(verdict(cleared, 2e12, '5').verdict).toBe('forming-baseline');
  });

  it('clears itself after the configured time from the equity of that moment', () => {
    const rearming = takeProfitSettingsSchema.parse({ rearm_after_s: 60 });
    const hit = stepTakeProfit(armed(), point(20, '2000'), rearming).state;
    expect(stepTakeProfit(hit, point(60_019, '1900'), rearming).verdict).toBe('latched');
    const step = stepTakeProfit(hit, point(60_020, '1900'), rearming);
    expect(step.verdict).toBe('rearmed');
    expect(step.state).toMatchObject({ latched: null, baselineQuote: '1900' });
  });

  it('never hits when switched off', () => {
    const off = takeProfitSettingsSchema.parse({ threshold: null });
    expect(stepTakeProfit(armed(), point(20, '99999'), off).verdict).toBe('within');
    expect(stepTakeProfit(armed(), point(20, '1'), off).verdict).toBe('within');
  });
});
