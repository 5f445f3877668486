import { assertNever } from '../assert.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { EpochMs } from '../time.ts';
import type { LockMode, SystemState, SystemStateName } from './system-state.ts';

/** Kinds of venue. Money can be lost only on `live`; the others may be approved without a human. */
export type VenueKind = 'simulator' | 'paper' | 'testnet' | 'live';
export type Approval = 'manual' | 'automatic';

/** Written as `changedBy` when nobody but the configuration approved a bootstrap. */
export const AUTOMATIC_APPROVAL = 'automatic-approval';

interface CommandContext {
  readonly exchange: string;
  /** Who asks: `janitor`, `cli:<user>`, `page`. Goes into the audit row. */
  readonly by: string;
  readonly reason: string;
  readonly atMs: EpochMs;
}

export type SystemCommand = CommandContext &
  (
    | { /** The platform starts. */ readonly kind: 'start' }
    | {
        /** Instruments and products are stored. */
        readonly kind: 'bootstrap-complete';
        readonly venueKind: VenueKind;
        readonly approval: Approval;
      }
    | { /** Nothing of what `finish-reconciling` looks for is missing any more. */ readonly kind: 'reconciled' }
    | {
        readonly kind: 'lock';
        readonly mode: LockMode;
        /** Nobody asked for it: a lock that is there already, a human's freeze or flatten, stays as it is. */
        readonly automatic?: boolean;
      }
    | { readonly kind: 'unlock' }
    | { /** The machine slept, or its clock was set. */ readonly kind: 'clock-jumped' }
    | { /** Our clock and the venue's differ, and ours cannot be set. */ readonly kind: 'clock-doubted' }
    | { /** Nobody can say whether the database is the one that ran here. */ readonly kind: 'installation-doubted' }
    | { /** The database is a copy or a backup of another one. */ readonly kind: 'database-restored' }
  );

export type TransitionRefusal = Refusal<'unlock-refused' | 'transition-refused'>;
export type Transition =
  | { readonly kind: 'changed'; readonly next: SystemState }
  | { readonly kind: 'no-op' }
  | { readonly kind: 'refused'; readonly refusal: TransitionRefusal };

const NO_OP: Transition = { kind: 'no-op' };

/**
 * The state machine of one exchange (architecture, rule 3.6). Only `unlock` leaves LOCKED: a restart, a clock jump or the end
 * of a bootstrap never does. `bootstrap-complete` approves by itself only for a simulator or paper venue that asks for it.
 */
export function transition(state: SystemState | null, command: SystemCommand): Transition {
  switch (command.kind) {
    case 'start':
      return start(state, command);
    case 'bootstrap-complete':
      if (state?.state !== 'BOOTSTRAPPING') return NO_OP;
      return bootstrapComplete(state, command);
    case 'reconciled':
      if (state?.state === 'HEALTHY') return NO_OP;
      if (state?.state !== 'RECONCILING' || !state.approved) return refuse(state, command);
      return change(state, command, 'HEALTHY', null, true);
    case 'lock':
      if (state?.state === 'LOCKED' && (command.automatic === true || state.lockMode === command.mode)) return NO_OP;
      return change(state, command, 'LOCKED', command.mode, state?.approved ?? false);
    case 'unlock':
      return unlock(state, command);
    case 'clock-jumped':
      if (state === null || ['LOCKED', 'BOOTSTRAPPING', 'MAINTENANCE'].includes(state.state)) return NO_OP;
      return change(state, command, 'RECONCILING', null, state.approved);
    case 'clock-doubted':
    case 'installation-doubted':
      if (state?.state !== 'HEALTHY') return NO_OP;
      return change(state, command, 'RECONCILING', null, state.approved);
    case 'database-restored':
      if (state?.state === 'LOCKED' && state.lockMode === 'freeze') return NO_OP;
      return change(state, command, 'LOCKED', 'freeze', state?.approved ?? false);
    default:
      return assertNever(command, 'system command');
  }
}

function start(state: SystemState | null, command: SystemCommand): Transition {
  if (state === null) return change(state, command, 'BOOTSTRAPPING', null, false);
  // A lock is sticky, maintenance is ended by the operator, and a bootstrap that was cut off resumes where it was.
  if (['LOCKED', 'MAINTENANCE', 'BOOTSTRAPPING'].includes(state.state)) return NO_OP;
  // RECONCILING begins anew: what counts as fresh is measured from this start.
  return change(state, command, state.approved ? 'RECONCILING' : 'BOOTSTRAPPING', null, state.approved);
}

function bootstrapComplete(
  state: SystemState,
  command: SystemCommand & { readonly kind: 'bootstrap-complete' },
): Transition {
  const mayApprove = command.venueKind === 'simulator' || command.venueKind === 'paper';
  if (command.approval === 'automatic' && mayApprove) {
    const reason = `bootstrap complete; approved automatically: venue kind ${command.venueKind}, approval: automatic`;
    return change(state, { ...command, by: AUTOMATIC_APPROVAL, reason }, 'RECONCILING', null, true);
  }
  // freeze: nobody has approved this account yet, so nothing new is sent at all.
  return change(state, command, 'LOCKED', 'freeze', false);
}

function unlock(state: SystemState | null, command: SystemCommand): Transition {
  if (state?.state === 'HEALTHY') return NO_OP;
  if (state?.state !== 'LOCKED') {
    const name = state?.state ?? 'absent';
    return {
      kind: 'refused',
      refusal: refusal('unlock-refused', `cannot unlock ${command.exchange}: its state is ${name}, not LOCKED`, {
        state: name,
        reason: state?.reason ?? null,
      }),
    };
  }
  return change(state, command, 'RECONCILING', null, true);
}

function change(
  state: SystemState | null,
  command: CommandContext,
  name: SystemStateName,
  lockMode: LockMode | null,
  approved: boolean,
): Transition {
  return {
    kind: 'changed',
    next: {
      exchange: command.exchange,
      state: name,
      lockMode,
      reason: command.reason,
      changedBy: command.by,
      changedAtMs: command.atMs,
      approved,
      version: (state?.version ?? 0) + 1,
    },
  };
}

function refuse(state: SystemState | null, command: SystemCommand): Transition {
  const name = state?.state ?? 'absent';
  return {
    kind: 'refused',
    refusal: refusal('transition-refused', `${command.kind} does not apply to state ${name}`, {
      state: name,
      command: command.kind,
      approved: state?.approved ?? false,
    }),
  };
}
