import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CancelCommand, OrderCommand } from './order-command.ts';
import type { RunRequest } from './scheduled-job.ts';
import type { Trace } from './trace.ts';

/** The order command of each intent of a cycle. */
export function outboxBodies(decisions: readonly CycleDecision[], trace: Trace): ReadonlyMap<ClientOrderId, string> {
  const bodies = new Map<ClientOrderId, string>();
  for (const { intent } of decisions) {
    if (intent === null) continue;
    const { exchange, account, symbol, clientOrderId, expiresAtMs } = intent;
    const command: OrderCommand = { v: 1, type: 'order', exchange, account, symbol, clientOrderId, expiresAtMs, trace };
    bodies.set(clientOrderId, JSON.stringify(command));
  }
  return bodies;
}

/** The cancels that a cycle asks for. Nothing is stored for them: a cycle that still sees the order asks again. */
export const cancelCommands = (
  decisions: readonly CycleDecision[],
  at: { readonly exchange: string; readonly account: string; readonly expiresAtMs: number; readonly trace: Trace },
): readonly CancelCommand[] =>
  decisions.flatMap((decision) =>
    decision.cancels.map((clientOrderId) => ({
      v: 1 as const,
      type: 'cancel' as const,
      exchange: at.exchange,
      account: at.account,
      symbol: decision.symbol,
      clientOrderId,
      reason: 'contradicted by a newer target',
      expiresAtMs: at.expiresAtMs,
      trace: at.trace,
    })),
  );

/** Jobs that read the account's position. */
export const SOURCE_JOBS = ['balance', 'observer'] as const;
/** Jobs that read what is needed of a symbol that became managed, or give it runs. */
export const NEW_SYMBOL_JOBS = ['price-producer', 'market-data', 'run-supervisor', ...SOURCE_JOBS] as const;
export const RECONCILIATION_JOB = 'reconciliation';
/** Resolves unknown and open orders, stores fills. */
export const ORDER_TRACKER_JOB = 'order-tracker';

export const runRequest = (
  job: string,
  exchange: string,
  symbols: readonly string[] | null,
  reason: string,
  trace: Trace,
  attempt = 1,
): RunRequest => ({
  v: 1,
  type: 'run-request',
  job,
  exchange,
  symbols: symbols === null ? null : symbols.slice(0, 1000),
  reason,
  attempt,
  trace,
});
