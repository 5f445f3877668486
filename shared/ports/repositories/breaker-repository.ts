import type { EpochMs } from '#shared/core/time.ts';

/** One circuit breaker as every process sees it. `half-open`: one caller is probing. */
export interface BreakerRow {
  readonly exchange: string;
  /** `open`, `reduce`, `protect`, `status`, `market-data`: exits have their own breaker. */
  readonly callClass: string;
  readonly state: 'closed' | 'open' | 'half-open';
  readonly failures: number;
  readonly openedAtMs: EpochMs | null;
  readonly updatedAtMs: EpochMs;
}

export interface BreakerRules {
  /** Failures that open the breaker. */
  readonly failures: number;
  /** A failure later than this after the previous one counts as the first. */
  readonly windowMs: number;
}

/** Breaker rows, shared by every process that calls an exchange. Every method is one transaction. */
export interface BreakerRepository {
  /** Rows of one exchange ordered by class; a class that never failed has none. */
  all(exchange: string): Promise<readonly BreakerRow[]>;
  /** Adds a failure. Opens at the `failures`-th, or at once when the failed call was the probe. Returns the row. */
  recordFailure(exchange: string, callClass: string, rules: BreakerRules, atMs: EpochMs): Promise<BreakerRow>;
  /** Closes the breaker and forgets its failures. */
  recordSuccess(exchange: string, callClass: string, atMs: EpochMs): Promise<void>;
  /**
   * Takes the right to probe: true for one caller, when the breaker was opened at or before `openedBeforeMs`, or when the
   * last probe began at or before `abandonedBeforeMs` and was never heard of again.
   */
  claimProbe(
    exchange: string,
    callClass: string,
    openedBeforeMs: EpochMs,
    abandonedBeforeMs: EpochMs,
    atMs: EpochMs,
  ): Promise<boolean>;
}
