import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

export interface NoteClockJumpDeps {
  readonly clock: Clock;
  readonly jobs: JobStateRepository;
  readonly control: SystemControl;
}

export type ClockJumpOutcome =
  | { readonly kind: 'steady' }
  | { readonly kind: 'jumped'; readonly gapMs: number; readonly change: StateChange };

/** Two beats may run at once, in processes whose clocks differ by a little. */
const OVERTAKEN_MS_MAX = 2_000;

/**
 * Beats the janitor's heart and looks at the time since the last beat. A gap above the threshold, or a clock that went back, is
 * a sleep of the machine or a set clock: what was known is old, so the system reconciles again.
 */
export async function noteClockJump(
  deps: NoteClockJumpDeps,
  input: { readonly exchange: string; readonly by: string; readonly gapMaxMs: number },
): Promise<ClockJumpOutcome> {
  const job = SYSTEM_JOBS.janitor;
  const nowMs = deps.clock.nowMs();
  const lastMs = (await deps.jobs.all()).find((state) => state.job === job)?.lastOkMs ?? 0;
  await deps.jobs.recordOk(job, nowMs);
  const gapMs = nowMs - lastMs;
  if (lastMs === 0 || (gapMs >= -OVERTAKEN_MS_MAX && gapMs <= input.gapMaxMs)) return { kind: 'steady' };
  const what = gapMs < 0 ? `went back ${-gapMs} ms` : `jumped ${gapMs} ms`;
  const change = await deps.control.change({
    kind: 'clock-jumped',
    exchange: input.exchange,
    by: input.by,
    reason: `the clock ${what} between two beats of the janitor: the machine slept, or its clock was set`,
    atMs: nowMs,
  });
  return { kind: 'jumped', gapMs, change };
}
