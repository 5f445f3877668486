import type { NewRun } from '#shared/core/runs/plan-population.ts';
import { decodeRunPlan, encodeRunParams, type RunParams, type RunPlan } from '#shared/core/runs/run-params.ts';
import { encodeRunState, initRunState } from '#shared/core/runs/run-state.ts';
import type { LiveRun } from '#shared/core/runs/step-run.ts';
import type { BarEvent } from '#shared/core/strategies/strategy.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';

/** Monday 5 January 2026, 00:00 UTC. */
export const RUNS_START_MS = Date.UTC(2026, 0, 5);

const DEFAULTS: RunParams = {
  strategy: { fastBars: 2, slowBars: 4, bandFraction: 0 },
  inverted: false,
  maxDurationMs: 86_400_000,
  maxDirectionReversalMs: 86_400_000,
  aprTarget: 1e9,
  notionalQuote: 76,
  feeRate: 0.0004,
  leverage: 40,
};

/** A quick EMA crossover (warm after 12 bars) unless told otherwise. */
export function aPlan(params: Partial<RunParams> = {}, strategy = 'ema-crossover'): RunPlan {
  return decodeRunPlan(strategy, encodeRunParams({ ...DEFAULTS, ...params }))!;
}

export function aRun(plan: RunPlan = aPlan(), fields: Partial<LiveRun> = {}): LiveRun {
  return {
    id: 1,
    plan,
    startedAtMs: RUNS_START_MS,
    startBalanceMicros: 7_000_000_000,
    state: initRunState(plan),
    direction: 0,
    livePnlMicros: 0,
    ended: null,
    ...fields,
  };
}

export function aNewRun(index: number, symbol = 'BTC/USDC:USDC', params: Partial<RunParams> = {}): NewRun {
  const plan = aPlan(params);
  return {
    creationKey: `sim:${RUNS_START_MS}:${index}`,
    exchange: 'sim',
    symbol,
    strategy: 'ema-crossover',
    paramsJson: encodeRunParams({ ...DEFAULTS, ...params }),
    state: encodeRunState(plan, initRunState(plan)),
    startBalanceMicros: 7_000_000_000,
    startedAtMs: RUNS_START_MS,
  };
}

export const aBar = (index: number, close: number, spread = 0): BarEvent => ({
  kind: 'bar',
  openTimeMs: RUNS_START_MS + index * 60_000,
  open: close,
  high: close + spread,
  low: close - spread,
  close,
});

/** One trade per price, `everyMs` apart, in one bundle; ids follow the index. */
export function aBundle(
  prices: readonly number[],
  options: { symbol?: string; fromMs?: number; everyMs?: number; firstId?: number; gap?: boolean } = {},
): MarketBundle {
  const { symbol = 'BTC/USDC:USDC', fromMs = RUNS_START_MS, everyMs = 20_000, firstId = 0, gap } = options;
  return {
    v: 1,
    type: 'trades',
    exchange: 'sim',
    symbol,
    items: prices.map((price, i) => ({
      id: `t${firstId + i}`,
      px: `${price}`,
      sz: '0.01',
      side: 'buy',
      t: fromMs + i * everyMs,
    })),
    ...(gap === undefined ? {} : { gap }),
    trace: { correlationId: 'c', bornAtMs: fromMs },
  };
}
