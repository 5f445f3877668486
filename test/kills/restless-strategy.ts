import * as z from 'zod';
import type { NewRun } from '#shared/core/runs/plan-population.ts';
import { decodeRunPlan, encodeRunParams } from '#shared/core/runs/run-params.ts';
import { encodeRunState, initRunState } from '#shared/core/runs/run-state.ts';
import { HOLD, type Stance, type Strategy, target } from '#shared/core/strategies/strategy.ts';

const NAME = 'test-restless';
/** Entries, exits and flips both ways. */
const STANCES: readonly Stance[] = [1, 0, -1, 1, -1, 0];
const DAY_MS = 86_400_000;

/** Wants something else every `every` trades while `mayMove` says so; otherwise it keeps what it wanted. */
export const restlessStrategy = (
  mayMove: () => boolean,
): Strategy<{ every: number }, { seen: number; at: number }> => ({
  name: NAME,
  stateVersion: 1,
  paramsSchema: z.object({ every: z.number().int().min(1) }),
  rangesSchema: z.unknown(),
  draw: () => ({ every: 5 }),
  warmupBars: () => 0,
  init: () => ({ seen: 0, at: 0 }),
  barsSeen: () => 1,
  step(params, state, event) {
    if (event.kind === 'bar' || !mayMove()) return { state, intent: HOLD };
    if (state.seen + 1 < params.every) return { state: { seen: state.seen + 1, at: state.at }, intent: HOLD };
    return { state: { seen: 0, at: (state.at + 1) % STANCES.length }, intent: target(STANCES[state.at]!) };
  },
  encode: (state) => [state.seen, state.at],
  decode: (_params, cells) => ({ seen: Number(cells[0]), at: Number(cells[1]) }),
});

/** One run per symbol, so that its stance is the symbol's desired position. The strategy must be registered. */
export function restlessRun(symbol: string, index: number, startedAtMs: number): NewRun {
  const paramsJson = encodeRunParams({
    strategy: { every: 6 + 3 * index },
    inverted: false,
    maxDurationMs: DAY_MS,
    maxDirectionReversalMs: DAY_MS,
    aprTarget: 1e9,
    notionalQuote: 100,
    feeRate: 0,
    leverage: 10,
  });
  const plan = decodeRunPlan(NAME, paramsJson)!;
  return {
    creationKey: `kills-${index}`,
    exchange: 'hyperliquid',
    symbol,
    strategy: NAME,
    paramsJson,
    state: encodeRunState(plan, initRunState(plan)),
    startBalanceMicros: 7_000_000_000,
    startedAtMs,
  };
}
