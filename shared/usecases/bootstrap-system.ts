import { restoredAlert, restoreSign } from '#shared/core/system/restore-sign.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import type { VenueKind } from '#shared/core/system/transitions.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

export interface BootstrapSystemDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly systemState: SystemStateRepository;
  readonly installation: InstallationRepository;
  readonly marker: InstallationMarker | null;
  readonly jobs: JobStateRepository;
  readonly control: SystemControl;
  readonly alerts: Alerts;
}

export interface BootstrapOutcome {
  readonly installationTag: string;
  /** Why the database is taken for a copy, a backup or another account's, or null. */
  readonly restored: string | null;
  readonly change: StateChange;
}

/**
 * First step of every start: BOOTSTRAPPING for a new database, RECONCILING for an approved one, LOCKED stays LOCKED, and a
 * database that was copied or restored becomes LOCKED (freeze), because its orders may be another installation's or long gone.
 * So does one that traded on another kind of venue: nothing in it is true of this account.
 */
export async function bootstrapSystem(
  deps: BootstrapSystemDeps,
  input: { readonly exchange: string; readonly by: string; readonly venueKind: VenueKind },
): Promise<BootstrapOutcome> {
  const { exchange, by, venueKind } = input;
  const atMs = deps.clock.nowMs();
  const state = await deps.systemState.read(exchange);
  const installationTag = await deps.installation.ensureTag(deps.ids.next().slice(0, 8));
  const formerKind = await deps.installation.venueKind(exchange);
  const moved =
    formerKind === null || formerKind === venueKind
      ? null
      : `the database traded on a venue of kind ${formerKind}, which is now ${venueKind}: its orders and positions are another account's`;
  const sign = await findRestoreSign(deps, installationTag, state);
  const restored = sign ?? moved;
  // Before the lock and its mark, which make the sign disappear.
  if (sign !== null) await deps.installation.noteCopy(exchange);
  const change = restored
    ? await deps.control.change({ kind: 'database-restored', exchange, by, atMs, reason: restored })
    : await deps.control.change({ kind: 'start', exchange, by, atMs, reason: 'platform started' });
  if (restored) {
    const detail = { installationTag, stateVersion: state?.version ?? null };
    await deps.alerts.raise(restoredAlert(exchange, restored, detail));
  }
  // After the lock: who is killed before it finds the difference again, and who unlocks it has accepted it.
  if (formerKind !== venueKind) await deps.installation.recordVenueKind(exchange, venueKind);
  // The gap since the last beat of an earlier life is a restart, not a jump of the clock.
  await deps.jobs.recordOk(SYSTEM_JOBS.janitor, atMs);
  return { installationTag, restored, change };
}

async function findRestoreSign(
  deps: Pick<BootstrapSystemDeps, 'marker' | 'jobs' | 'systemState' | 'clock' | 'installation'>,
  tag: string,
  state: SystemState | null,
): Promise<string | null> {
  const { marker, jobs, systemState, clock } = deps;
  // A database without a state has nothing to protect yet; its first change writes the mark.
  if (!marker || !state) return null;
  const { exchange } = state;
  const mark = await marker.read();
  // Again, after the mark: somebody may have changed the state and marked it since.
  const { version: stateVersion } = (await systemState.read(exchange)) ?? state;
  const marked = mark?.beatsMs?.[exchange] !== undefined;
  const beat = marked ? (await jobs.all()).find((row) => row.job === SYSTEM_JOBS.janitor) : undefined;
  const { unjudgedCopy } = await deps.installation.identity(exchange);
  return restoreSign(mark, {
    exchange,
    tag,
    stateVersion,
    unjudgedCopy,
    lastBeatMs: beat?.lastOkMs ?? 0,
    nowMs: clock.nowMs(),
  });
}
