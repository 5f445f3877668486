import type { Refusal } from '#shared/core/refusal.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import type { SystemCommand } from '#shared/core/system/transitions.ts';

export type StateChange =
  | {
      readonly kind: 'changed';
      readonly from: SystemState | null;
      readonly state: SystemState;
      /** The change is stored, but the mark beside the database could not be written. */
      readonly markError: string | null;
    }
  | { readonly kind: 'no-op'; readonly state: SystemState | null }
  | { readonly kind: 'refused'; readonly state: SystemState | null; readonly refusal: Refusal };

/** Applies a command to the system state with compare-and-set and audit: the only way that the state changes. */
export interface SystemControl {
  /** `expectedVersion`: refused as `state-moved` when the state has another version by now. */
  change(command: SystemCommand, expectedVersion?: number): Promise<StateChange>;
}
