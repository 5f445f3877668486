import { seededRandom } from '#local/virtual-time/seeded.ts';

/** Seeded draws: the same seed gives the same scenario on every machine. */
export interface Draw {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number;
  chance(probability: number): boolean;
  oneOf<T>(items: readonly T[]): T;
  /** `count` different ones, in drawn order. */
  some<T>(items: readonly T[], count: number): readonly T[];
}

export function seededDraw(seed: number): Draw {
  const next = seededRandom(Math.imul(seed + 1, 0x9e3779b1));
  const int = (least: number, most: number) =>
    Math.floor(least) + Math.floor(next() * (Math.floor(most) - Math.floor(least) + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    oneOf: (items) => items[int(0, items.length - 1)]!,
    some: (items, count) => {
      const left = [...items];
      return Array.from({ length: Math.min(count, items.length) }, () => left.splice(int(0, left.length - 1), 1)[0]!);
    },
  };
}
