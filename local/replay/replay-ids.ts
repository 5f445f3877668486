import type { Ids } from '#shared/ports/ids.ts';

/** One 32-bit number for a seed and a stretch: for one seed, different for each stretch. */
export const stretchSeed = (seed: number, stretch: number): number =>
  Math.imul((seed + Math.imul(stretch, 0x9e3779b9)) >>> 0, 0x85ebca6b) >>> 0;

/**
 * Ids of one stretch of a replay: its number, mixed, then a counter. Two stretches share none, which draws from a seeded
 * generator could not promise over a month.
 */
export function replayIds(seed: number, stretch: number): Ids {
  const head = stretchSeed(seed, stretch).toString(16).padStart(8, '0');
  let count = 0;
  return {
    next: () => {
      count += 1;
      return head + count.toString(16).padStart(8, '0');
    },
  };
}
