import type { EpochMs } from '../time.ts';

export type SystemStateName =
  | 'BOOTSTRAPPING'
  | 'LOCKED'
  | 'RECONCILING'
  | 'HEALTHY'
  | 'AUDITING'
  | 'DEGRADED'
  | 'MAINTENANCE';

/** freeze: nothing but own cancels · close-only: reduces too · flatten: desired is zero for every managed symbol. */
export type LockMode = 'freeze' | 'close-only' | 'flatten';

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
