import type { SystemState } from '#shared/core/system/system-state.ts';

/** The only writer of `system_state` (own database user on AWS). */
export interface SystemStateRepository {
  /** Null when there is no row. Throws when unreadable: callers treat both as BOOTSTRAPPING rights (own cancels only). */
  read(exchange: string): Promise<SystemState | null>;
  /** Stores `next` (whose version is expectedVersion + 1; 0 when no row is expected) and its audit row, or reports the conflict. */
  compareAndSet(next: SystemState, expectedVersion: number): Promise<'stored' | 'conflict'>;
  audit(exchange: string, limit: number): Promise<readonly (SystemState & { readonly fromState: string | null })[]>;
}
