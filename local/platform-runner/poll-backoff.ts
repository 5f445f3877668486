/** Waits after failures in a row: 0.5 s, doubling, at most 5 s. */
const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 5_000;

export const pollBackoffMs = (failures: number): number =>
  Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** Math.min(10, Math.max(0, failures - 1)));
