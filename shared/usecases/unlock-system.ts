import type { Clock } from '#shared/ports/clock.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

export interface UnlockSystemDeps {
  readonly clock: Clock;
  readonly control: SystemControl;
}

/**
 * A human's approval: LOCKED → RECONCILING, and from there HEALTHY by itself when nothing is missing. Refused, naming the
 * state, from BOOTSTRAPPING, RECONCILING and AUDITING; nothing to do when HEALTHY.
 */
export function unlockSystem(
  deps: UnlockSystemDeps,
  input: {
    readonly exchange: string;
    readonly by: string;
    readonly reason: string;
    /** The version that the human looked at: a lock set since then is not undone. */
    readonly expectedVersion?: number | undefined;
  },
): Promise<StateChange> {
  const { exchange, by, reason, expectedVersion } = input;
  return deps.control.change({ kind: 'unlock', exchange, by, reason, atMs: deps.clock.nowMs() }, expectedVersion);
}
