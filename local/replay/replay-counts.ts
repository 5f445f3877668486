import type { Platform } from '#local/platform/platform.ts';

/** What a replay counts beside the rows of its databases, over all its segments; stored with each checkpoint. */
export interface ReplayCounts {
  /** Slots of each schedule that were fired, by function. */
  readonly slots: Readonly<Record<string, number>>;
  /** Invocations by function, whatever asked for them. */
  readonly invocations: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
}

export const NO_COUNTS: ReplayCounts = { slots: {}, invocations: {}, failures: {} };

const sum = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> => {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
};

/** Adds what one platform counted in its life. */
export function addCounts(counts: ReplayCounts, { plumbing }: Pick<Platform, 'plumbing'>): ReplayCounts {
  return {
    slots: sum(counts.slots, plumbing.schedules.slots()),
    invocations: sum(counts.invocations, plumbing.invoker.counts()),
    failures: sum(counts.failures, plumbing.invoker.failures()),
  };
}

/**
 * Invocations as the summary tells them. A scheduled function: its slots, which is market time ÷ cadence; what it was asked
 * to run beyond them (after a fill, at a start, a retry) stands under `<function>:requested`. Any other: all invocations.
 */
export function invocationsOf(counts: ReplayCounts): Record<string, number> {
  const rows: [string, number][] = [];
  for (const [name, total] of Object.entries(counts.invocations)) {
    const slots = counts.slots[name];
    if (slots === undefined) rows.push([name, total]);
    else rows.push([name, slots], [`${name}:requested`, total - slots]);
  }
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}
