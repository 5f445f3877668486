import type { Ids } from '#shared/ports/ids.ts';

/** One 32-bit number for a seed and a segment: for one seed, different for each segment. */
export const segmentSeed = (seed: number, segment: number): number =>
  Math.imul((seed + Math.imul(segment, 0x9e3779b9)) >>> 0, 0x85ebca6b) >>> 0;

/**
 * Ids of one segment of a replay: its number, mixed, then a counter. Two segments share none, which draws from a seeded
 * generator could not promise over a month.
 */
export function replayIds(seed: number, segment: number): Ids {
  const head = segmentSeed(seed, segment).toString(16).padStart(8, '0');
  let count = 0;
  return {
    next: () => {
      count += 1;
      return head + count.toString(16).padStart(8, '0');
    },
  };
}
