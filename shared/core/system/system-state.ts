import type { EpochMs } from '../time.ts';

export const SYSTEM_STATES = [
  'BOOTSTRAPPING',
  'LOCKED',
  'RECONCILING',
  'HEALTHY',
  'AUDITING',
  'DEGRADED',
  'MAINTENANCE',
] as const;
export type SystemStateName = (typeof SYSTEM_STATES)[number];

/** freeze: nothing but own cancels · close-only: reduces too · flatten: desired is zero for every managed symbol. */
export const LOCK_MODES = ['freeze', 'close-only', 'flatten'] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** One row per exchange. Every write is a compare-and-set on `version` and appends an audit row. */
export interface SystemState {
  readonly exchange: string;
  readonly state: SystemStateName;
  readonly lockMode: LockMode | null;
  readonly reason: string;
  readonly changedBy: string;
  readonly changedAtMs: EpochMs;
  /** True once a human (or the audited automatic approval of a simulator) approved the bootstrap. */
  readonly approved: boolean;
  readonly version: number;
}
