import type { EpochMs } from '#shared/core/time.ts';

export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Rises with each change of holder; a writer with a smaller fence must stop. */
  readonly fence: number;
  readonly expiresAtMs: EpochMs;
}

/** One writer per account: a fenced lease, checked by the write before each send. */
export interface LeasesRepository {
  /** Takes a free or expired lease, or renews our own; null when another holder has it. */
  acquire(name: string, holder: string, nowMs: EpochMs, ttlMs: number): Promise<Lease | null>;
  /** True while `lease` is still the newest fence and unexpired. */
  holds(lease: Lease, nowMs: EpochMs): Promise<boolean>;
  release(lease: Lease): Promise<void>;
}
