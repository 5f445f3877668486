import { RECONCILIATION_JOB, runRequest } from '#shared/messages/reconciliation-messages.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface RequestReconciliationDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Queue `run-requests`. */
  readonly runRequests: WorkQueue;
}

/** Asks for a cycle of these symbols (null: all) now instead of at the next slot. Returns the correlation id to look for. */
export async function requestReconciliation(
  deps: RequestReconciliationDeps,
  input: { readonly exchange: string; readonly symbols: readonly string[] | null; readonly reason: string },
): Promise<string> {
  const correlationId = deps.ids.next();
  const trace = { correlationId, bornAtMs: deps.clock.nowMs() };
  const request = runRequest(RECONCILIATION_JOB, input.exchange, input.symbols, input.reason, trace);
  await deps.runRequests.send([{ body: JSON.stringify(request) }]);
  return correlationId;
}
