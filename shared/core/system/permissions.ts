import type { OrderClass } from '../orders/order.ts';
import { type Refusal, refusal } from '../refusal.ts';
import { type LockMode, SYSTEM_STATES, type SystemState, type SystemStateName } from './system-state.ts';

type StateAndLock = Pick<SystemState, 'state' | 'lockMode'> & Partial<Pick<SystemState, 'reason'>>;

export type Permission =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly refusal: Refusal<'state-forbids'> };

const ALLOWED: Permission = { allowed: true };

/** What the state allows, by order class (architecture, rule 3.6). Absent or unreadable state: own cancels only. */
export function permits(state: StateAndLock | null, orderClass: OrderClass): Permission {
  if (orderClass === 'cancel') return ALLOWED;
  const name = state?.state ?? 'absent';
  switch (name) {
    case 'HEALTHY':
      return ALLOWED;
    case 'DEGRADED':
    case 'AUDITING':
    case 'RECONCILING':
      return orderClass === 'open' ? deny(name, orderClass, state) : ALLOWED;
    case 'LOCKED':
      return orderClass === 'open' || state?.lockMode === 'freeze' ? deny(name, orderClass, state) : ALLOWED;
    default:
      return deny(name, orderClass, state);
  }
}

/** The states that permit a class under a lock mode, for a store that asks while it writes. */
export const permittingStates = (orderClass: OrderClass, lockMode: LockMode | null): readonly SystemStateName[] =>
  SYSTEM_STATES.filter((state) => permits({ state, lockMode }, orderClass).allowed);

function deny(name: string, orderClass: OrderClass, state: StateAndLock | null): Permission {
  const lock = state?.lockMode ? ` (${state.lockMode})` : '';
  return {
    allowed: false,
    refusal: refusal('state-forbids', `system state ${name}${lock} forbids orders of class ${orderClass}`, {
      state: name,
      lockMode: state?.lockMode ?? null,
      orderClass,
      reason: state?.reason ?? null,
    }),
  };
}
