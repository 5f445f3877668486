export interface BackoffLimits {
  /** Tries of one record or message, the first included. */
  readonly attemptsMax: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

/**
 * Full jitter: evenly between 0 and min(max, min × 2^(failures − 1)), in whole ms.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(failures: number, limits: BackoffLimits, random: () => number): number {
  const bound = Math.min(limits.backoffMaxMs, limits.backoffMinMs * 2 ** Math.min(Math.max(0, failures - 1), 20));
  return Math.floor(random() * bound);
}
