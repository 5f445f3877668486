import { isDue } from '#shared/core/age.ts';
import { restoredAlert, restoreSign } from '#shared/core/system/restore-sign.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

export interface WatchInstallationDeps {
  readonly clock: Clock;
  readonly systemState: SystemStateRepository;
  readonly installation: InstallationRepository;
  readonly jobs: Pick<JobStateRepository, 'all'>;
  readonly marker: InstallationMarker;
  readonly control: SystemControl;
  readonly alerts: Alerts;
}

export type WatchInstallationOutcome =
  /** It is the database that the mark knows. `markError`: its beat could not be marked, which weakens the next look. */
  | { readonly kind: 'same'; readonly markError: string | null }
  /** There is no state yet that the start has not seen. */
  | { readonly kind: 'not-started' }
  | { readonly kind: 'restored'; readonly reason: string; readonly change: StateChange }
  /** The mark cannot be read: nothing may be opened until it can. */
  | { readonly kind: 'unreadable'; readonly error: string; readonly change: StateChange };

/** Between two marked beats: a mark is a write to a store that bills them. */
const MARK_EVERY_MS = 60_000;

/**
 * Compares the database with the mark beside it, as every start does, while the platform runs: a database that is exchanged behind a
 * running platform is LOCKED (freeze), for its orders are not what the venue knows. Else it marks the newest beat that the database
 * has. A mark that cannot be read says nothing against the database, and nothing for it: RECONCILING, so exits go on and nothing is opened.
 */
export async function watchInstallation(
  deps: WatchInstallationDeps,
  input: { readonly exchange: string; readonly by: string },
): Promise<WatchInstallationOutcome> {
  const { exchange, by } = input;
  const { marker, control } = deps;
  const atMs = deps.clock.nowMs();
  // Before everything of the database: see restoreSign.
  const mark = await marker
    .read()
    .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (mark instanceof Error) {
    const reason = `the mark beside the database cannot be read: ${mark.message}`;
    const change = await control.change({ kind: 'installation-doubted', exchange, by, atMs, reason });
    return { kind: 'unreadable', error: mark.message, change };
  }
  const job = SYSTEM_JOBS.janitor;
  const state = await deps.systemState.read(exchange);
  if (state === null) return { kind: 'not-started' };
  const { tag, unjudgedCopy } = await deps.installation.identity(exchange);
  const jobs = new Map((await deps.jobs.all()).map((row) => [row.job, row]));
  const lastBeatMs = jobs.get(job)?.lastOkMs ?? 0;
  const reason = restoreSign(mark, {
    exchange,
    tag,
    stateVersion: state.version,
    unjudgedCopy,
    lastBeatMs,
    nowMs: atMs,
  });
  if (reason !== null) {
    await deps.installation.noteCopy(exchange);
    const change = await control.change({ kind: 'database-restored', exchange, by, atMs, reason });
    if (change.kind === 'changed') {
      const detail = { installationTag: tag, stateVersion: state.version, lastBeatMs };
      await deps.alerts.raise(restoredAlert(exchange, reason, detail));
    }
    return { kind: 'restored', reason, change };
  }
  // A beat of a clock that is ahead, once marked, would make every later one look lost.
  const isDoubtful = (jobs.get(SYSTEM_JOBS.venueClock)?.lastError ?? null) !== null;
  if (mark === null || tag === null || isDoubtful || !isDue(mark.beatsMs?.[exchange] ?? 0, lastBeatMs, MARK_EVERY_MS)) {
    return { kind: 'same', markError: null };
  }
  const known = mark.stateVersions[exchange] ?? 0;
  const stateVersions = { ...mark.stateVersions, [exchange]: Math.max(state.version, known) };
  const markError = await marker
    .write({ tag, stateVersions, beatsMs: { ...mark.beatsMs, [exchange]: lastBeatMs } })
    .then(() => null)
    .catch((error: unknown) => String(error));
  return { kind: 'same', markError };
}
