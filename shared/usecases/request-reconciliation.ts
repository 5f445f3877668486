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

/** Asks these jobs to run now, out of turn, for all symbols. Returns the correlation id to look for. */
export async function requestRuns(
  deps: RequestReconciliationDeps,
  jobs: readonly string[],
  input: { readonly exchange: string; readonly symbols?: readonly string[] | null; readonly reason: string },
): Promise<string> {
  const correlationId = deps.ids.next();
  const trace = { correlationId, bornAtMs: deps.clock.nowMs() };
  const requests = jobs.map((job) => runRequest(job, input.exchange, input.symbols ?? null, input.reason, trace));
  await deps.runRequests.send(requests.map((request) => ({ body: JSON.stringify(request) })));
  return correlationId;
}

/** Asks for a cycle of these symbols (null: all) now instead of at the next slot. */
export const requestReconciliation = (
  deps: RequestReconciliationDeps,
  input: { readonly exchange: string; readonly symbols: readonly string[] | null; readonly reason: string },
): Promise<string> => requestRuns(deps, [RECONCILIATION_JOB], input);
