import type { LockMode } from '#shared/core/system/system-state.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

export interface LockSystemDeps {
  readonly clock: Clock;
  readonly control: SystemControl;
}

/** Locks at once, from any state; sticky until a human unlocks. */
export function lockSystem(
  deps: LockSystemDeps,
  input: {
    readonly exchange: string;
    readonly by: string;
    readonly reason: string;
    /** Default close-only: nothing is opened, but what is open may still be closed. */
    readonly mode?: LockMode | undefined;
  },
): Promise<StateChange> {
  const { exchange, by, reason, mode = 'close-only' } = input;
  return deps.control.change({ kind: 'lock', exchange, by, reason, mode, atMs: deps.clock.nowMs() });
}
