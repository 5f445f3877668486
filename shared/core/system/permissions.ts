import type { OrderClass } from '../orders/order.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { SystemState } from './system-state.ts';

export type Permission =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly refusal: Refusal<'state-forbids'> };

const ALLOWED: Permission = { allowed: true };

/** What the state allows, by order class (architecture, rule 3.6). Absent or unreadable state: own cancels only. */
export function permits(state: SystemState | null, orderClass: OrderClass): Permission {
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

function deny(name: string, orderClass: OrderClass, state: SystemState | null): Permission {
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
