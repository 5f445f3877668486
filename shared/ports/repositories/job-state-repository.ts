import type { EpochMs } from '#shared/core/time.ts';

export interface JobState {
  readonly job: string;
  /** -1 before the first claim. */
  readonly lastSlotMs: EpochMs;
  /** 0 when it never succeeded. */
  readonly lastOkMs: EpochMs;
  /** Cleared by the next success. */
  readonly lastError: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Heartbeats of scheduled jobs, and the guard that runs a slot once. */
export interface JobStateRepository {
  /** True exactly once per (job, slot): false when this or a later slot was claimed before. */
  claimSlot(job: string, slotMs: EpochMs): Promise<boolean>;
  /** Gives a claim back, so that the same slot can be claimed again; earlier ones stay refused. Changes nothing after a later claim. */
  releaseSlot(job: string, slotMs: EpochMs): Promise<void>;
  recordOk(job: string, atMs: EpochMs, detail?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Keeps the stored detail when none is given. */
  recordError(job: string, atMs: EpochMs, error: string, detail?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Ordered by name. */
  all(): Promise<readonly JobState[]>;
}
