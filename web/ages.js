// @ts-check
/**
 * Whether a fact is older than the gates allow, now: its age was right when the snapshot was made and has grown since.
 * @param {{ ageMs: number, stale: boolean } | null} seen
 * @param {number | undefined} maxMs Of the snapshot's `ages`; a platform of an earlier release sends none.
 * @param {number} elapsedMs Since the snapshot.
 */
export const isStale = (seen, maxMs, elapsedMs) =>
  seen !== null && (seen.stale || (maxMs !== undefined && seen.ageMs + elapsedMs > maxMs));
