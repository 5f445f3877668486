import type { JobMessage } from '#shared/messages/job-event.ts';
import type { Trace } from '#shared/messages/trace.ts';
import { SOURCES_RETRY } from '#shared/usecases/follow-up-cycle.ts';

/** What one invocation plans: everything, or the symbols that its requests name. */
export interface MergedRequest {
  readonly symbols: readonly string[] | null;
  /** Null: every job was a schedule; the cycle begins a trace of its own. */
  readonly trace: Trace | null;
  /** Which repeat for fresh sources this is; null when it is none. */
  readonly repeatOf: number | null;
  readonly attempt: number;
  /** A schedule is among them: its next slot comes anyway. */
  readonly scheduled: boolean;
}

/** One cycle answers a whole batch: all of them ask about the same account. The oldest trace is kept, latency is never flattered. */
export function mergeRequests(jobs: readonly JobMessage[]): MergedRequest {
  const requests = jobs.filter((job) => job.type === 'run-request');
  const scheduled = requests.length < jobs.length;
  const all = scheduled || requests.some((r) => r.symbols === null);
  const repeats = requests.filter((r) => r.reason === SOURCES_RETRY).map((r) => r.attempt ?? 1);
  const traces = requests.map((r) => r.trace).sort((a, b) => a.bornAtMs - b.bornAtMs);
  return {
    symbols: all ? null : [...new Set(requests.flatMap((r) => r.symbols ?? []))].sort(),
    trace: traces[0] ?? null,
    repeatOf: repeats.length === 0 ? null : Math.max(...repeats),
    attempt: Math.max(1, ...requests.map((r) => r.attempt ?? 1)),
    scheduled,
  };
}
