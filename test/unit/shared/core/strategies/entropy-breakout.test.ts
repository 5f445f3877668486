import { describe, expect, it } from 'vitest';
import { type EntropyBreakoutState, entropyBreakout } from '#shared/core/strategies/entropy-breakout.ts';
import { HOLD, target } from '#shared/core/strategies/strategy.ts';
import { aBar } from '#test/support/run-builders.ts';

const params = { blockBars: 1, entropyBars: 6, entropyMax: 0.5, exitFraction: 0.5 };

const stateAfter = (closes: readonly number[], p = params): EntropyBreakoutState =>
  closes.reduce((state, close, i) => entropyBreakout.step(p, state, aBar(i, close, 1)).state, entropyBreakout.init(p));
const tick = (state: EntropyBreakoutState, price: number, p = params) =>
  entropyBreakout.step(p, state, { kind: 'tick', timeMs: 0, price });

/** Orderly: rises; the channel of its last six bars is 99 … 106 + 1. */
const RISING = [100, 101, 102, 103, 104, 105, 106];
/** All six patterns, in and out of a channel 98 … 108. */
const NOISY = [101, 105, 102, 103, 99, 106, 104, 107];

describe('entropy-breakout', () => {
  it('goes long on a tick above the channel when the closes were orderly', () => {
    const state = stateAfter(RISING);
    expect(tick(state, 107).intent, 'the edge itself is not a breakout').toEqual(target(0));
    expect(tick(state, 107.1).intent).toEqual(target(1));
  });

  it('goes short on a tick below the channel when the closes were orderly', () => {
    const state = stateAfter(RISING.map((close) => 206 - close));
    expect(tick(state, 98.9).intent).toEqual(target(-1));
  });

  it('stays out of a breakout when the closes were noise', () => {
    const state = stateAfter(NOISY);
    expect(state.orderly).toBe(false);
    expect(tick(state, 200).intent).toEqual(target(0));
  });

  it('leaves a long position when the price gives back its share of the channel, orderly or not', () => {
    const long = { ...tick(stateAfter(RISING), 108).state, orderly: false };
    expect([long.high, long.low]).toEqual([107, 100]);
    expect(tick(long, 103.6).intent).toEqual(target(1));
    expect(tick(long, 103.4).intent).toEqual(target(0));
  });

  it('holds until it has seen its warm-up', () => {
    expect(entropyBreakout.warmupBars(params)).toBe(6);
    expect(tick(stateAfter(RISING.slice(0, 5)), 200).intent).toBe(HOLD);
  });

  it('learns nothing from a tick that does not turn its stance', () => {
    const state = stateAfter(RISING);
    expect(tick(state, 104).state).toBe(state);
  });
});
