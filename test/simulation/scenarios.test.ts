import { describe, expect, it } from 'vitest';
import { simulateSeed } from './simulate-seed.ts';

/** A few of the seeds that `npm run test:simulation` runs by the hundred. */
const SEEDS = [1, 9, 29];

describe('the platform under drawn faults', () => {
  it.each(SEEDS)('keeps every invariant at seed %i', async (seed) => {
    const { violations, acceptedOrders, faultsFired } = await simulateSeed(seed);
    expect(violations).toEqual([]);
    expect(acceptedOrders).toBeGreaterThanOrEqual(5);
    expect(faultsFired).toBeGreaterThanOrEqual(3);
  });

  it('decides, sends and stores the same to the last byte when a seed is run again', async () => {
    const first = await simulateSeed(4);
    const again = await simulateSeed(4);
    expect(again).toEqual(first);
  });
});
