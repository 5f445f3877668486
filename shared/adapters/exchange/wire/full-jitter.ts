/**
 * Full jitter: evenly between 0 and min(maxMs, minMs × 2^attempt), attempt counted from 0.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const fullJitterMs = (attempt: number, minMs: number, maxMs: number, random: () => number): number =>
  Math.floor(random() * Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30)));
