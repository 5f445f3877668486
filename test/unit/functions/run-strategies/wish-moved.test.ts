import { describe, expect, it } from 'vitest';
import { runStrategiesEnvSchema } from '#functions/run-strategies/env.ts';
import { wishMoved } from '#functions/run-strategies/request-reconciliation.ts';
import type { SymbolStep } from '#shared/usecases/step-runs.ts';

const env = runStrategiesEnvSchema.parse({
  LIVE_PNL_THRESHOLD: '0',
  ON_CHANGE_ENABLED: 'true',
  ON_CHANGE_MIN_INTERVAL_S: '1',
  ON_CHANGE_DIRECTION_MIN: '3',
});
const step = (before: number, after: number, more: Partial<SymbolStep> = {}) =>
  ({
    dataState: 'live',
    dataStateBefore: 'live',
    directionBefore: before,
    directionAfter: after,
    ...more,
  }) as SymbolStep;

describe('wishMoved', () => {
  it.each([
    [0, 3, null, true],
    [0, 2, null, false],
    [2, -1, null, true],
    // Asked about at 0 two steps ago.
    [2, 3, 0, true],
    [1, 2, 0, false],
    // There and back again is no movement.
    [5, 0, 0, false],
  ])('from %i to %i, last asked at %s: %s', (before, after, asked, moved) => {
    expect(wishMoved(step(before, after), env, asked)).toBe(moved);
  });

  it('is true when the data are whole again, and false while they are not', () => {
    expect(wishMoved(step(1, 1, { dataStateBefore: 'data-gap' }), env, 1)).toBe(true);
    expect(wishMoved(step(0, 9, { dataState: 'data-gap' }), env, null)).toBe(false);
  });
});
