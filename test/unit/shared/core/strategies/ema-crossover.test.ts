import { describe, expect, it } from 'vitest';
import { emaCrossover } from '#shared/core/strategies/ema-crossover.ts';
import { HOLD, type Intent, target } from '#shared/core/strategies/strategy.ts';
import { aBar } from '#test/support/run-builders.ts';

const params = { fastBars: 2, slowBars: 4, bandFraction: 0 };

function intents(closes: readonly number[], p = params): Intent[] {
  let state = emaCrossover.init(p);
  return closes.map((close, i) => {
    const result = emaCrossover.step(p, state, aBar(i, close));
    state = result.state;
    return result.intent;
  });
}
const line = (from: number, step: number, count: number) => Array.from({ length: count }, (_, i) => from + i * step);

describe('ema-crossover', () => {
  it('holds until it has seen its warm-up, then follows the trend', () => {
    const seen = intents(line(100, 1, 12));
    expect(emaCrossover.warmupBars(params)).toBe(12);
    expect(seen.slice(0, 11).every((intent) => intent === HOLD)).toBe(true);
    expect(seen[11]).toEqual(target(1));
  });

  it('turns short when the fast average falls below the slow one', () => {
    const seen = intents([...line(100, 1, 14), ...line(112, -2, 8)]);
    expect(seen[13]).toEqual(target(1));
    expect(seen.at(-1)).toEqual(target(-1));
  });

  it('keeps its stance while the averages are closer than the band', () => {
    const wavering = [...line(100, 1, 14), ...line(113, -0.4, 6)];
    expect(intents(wavering).at(-1)).toEqual(target(-1));
    expect(intents(wavering, { ...params, bandFraction: 0.05 }).at(-1), 'no cross is wider than 5 %').toEqual(
      target(0),
    );
  });

  it('does not listen to ticks', () => {
    const state = emaCrossover.init(params);
    const result = emaCrossover.step(params, state, { kind: 'tick', timeMs: 0, price: 1 });
    expect(result.state).toBe(state);
    expect(result.intent).toBe(HOLD);
  });

  it('refuses a slow period that is not longer than the fast one', () => {
    expect(emaCrossover.paramsSchema.safeParse({ ...params, slowBars: 2 }).success).toBe(false);
  });
});
