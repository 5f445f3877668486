import type { Ids } from '#shared/ports/ids.ts';

/**
 * mulberry32: a 32-bit generator that passes gjrand and is enough for jitter, draws and fault scripts.
 * Same seed, same sequence. Source: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (public domain).
 */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Ids that repeat with the seed: for replays and simulations, where logs must be equal run by run. */
export function seededIds(seed: number): Ids {
  const random = seededRandom(seed ^ 0x1d5);
  const word = () =>
    Math.floor(random() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  return { next: () => word() + word() };
}
