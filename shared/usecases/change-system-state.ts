import { refusal } from '#shared/core/refusal.ts';
import { succeedingTag } from '#shared/core/system/installation-tag.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import { type SystemCommand, transition } from '#shared/core/system/transitions.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

/** Writers of one exchange's state are few; losing this often in a row means that something is wrong. */
const ATTEMPTS_MAX = 5;

export interface ChangeSystemStateDeps {
  readonly systemState: SystemStateRepository;
  readonly installation: InstallationRepository;
  /** Null where nothing is kept beside the database. */
  readonly marker: InstallationMarker | null;
}

/** Decides with `core/system/transitions` and stores by compare-and-set; the loser of a race decides again. */
export async function changeSystemState(
  deps: ChangeSystemStateDeps,
  command: SystemCommand,
  expectedVersion?: number,
): Promise<StateChange> {
  let state: SystemState | null = null;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    state = await deps.systemState.read(command.exchange);
    if (expectedVersion !== undefined && expectedVersion !== (state?.version ?? 0)) {
      return refused(state, 'state-moved', `the state changed meanwhile: it is ${state?.state ?? 'absent'} now`, {
        expectedVersion,
        version: state?.version ?? 0,
      });
    }
    const result = transition(state, command);
    if (result.kind === 'no-op') return { kind: 'no-op', state };
    if (result.kind === 'refused') return { kind: 'refused', state, refusal: result.refusal };
    if (command.kind === 'unlock') await leaveCopiedTag(deps, result.next);
    if ((await deps.systemState.compareAndSet(result.next, state?.version ?? 0)) === 'stored') {
      return {
        kind: 'changed',
        from: state,
        state: result.next,
        markError: await mark(deps, state, result.next, command),
      };
    }
  }
  return refused(state, 'state-contended', `the state changed ${ATTEMPTS_MAX} times while this command was tried`, {
    attempts: ATTEMPTS_MAX,
  });
}

/**
 * A copy goes on under a tag of its own, and so does a backup, whose last orders it does not know: else the venue's orders of the one
 * would pass for the other's. Before the state changes, so that nothing is opened under the former tag.
 */
async function leaveCopiedTag(
  { installation }: ChangeSystemStateDeps,
  { exchange, version, changedAtMs }: SystemState,
) {
  const former = await installation.tag();
  if (former !== null) await installation.replaceCopiedTag(succeedingTag(former, exchange, version, changedAtMs));
}

/** Binds {@link changeSystemState} to its ports, for the use cases that change the state on the way. */
export const systemControl = (deps: ChangeSystemStateDeps): SystemControl => ({
  change: (command, expectedVersion) => changeSystemState(deps, command, expectedVersion),
});

/**
 * A mark that lags only weakens the detection of old backups; it must not undo a stored lock. One that speaks against this database
 * is left for the start to find: until a start or a human has judged it, another change (a deployment's lock) must not hide it.
 */
async function mark(
  deps: ChangeSystemStateDeps,
  from: SystemState | null,
  state: SystemState,
  { kind }: SystemCommand,
): Promise<string | null> {
  if (!deps.marker) return null;
  try {
    const tag = await deps.installation.tag();
    if (tag === null) return null;
    const known = await deps.marker.read();
    const judged = from === null || kind === 'database-restored' || kind === 'unlock';
    if (!judged && (known?.tag !== tag || (known.stateVersions[state.exchange] ?? 0) > state.version)) {
      return 'the mark beside the database is not of this database as it is; the next start judges it';
    }
    const stateVersions = { ...known?.stateVersions, [state.exchange]: state.version };
    const { [state.exchange]: own, ...others } = known?.beatsMs ?? {};
    // A judgement takes the database as it is, whatever beats of this exchange it has lost; others are judged by their own.
    const beatsMs = judged || own === undefined ? others : { ...others, [state.exchange]: own };
    await deps.marker.write({ tag, stateVersions, ...(Object.keys(beatsMs).length === 0 ? {} : { beatsMs }) });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refused(
  state: SystemState | null,
  code: string,
  message: string,
  numbers: Readonly<Record<string, number>>,
): StateChange {
  return { kind: 'refused', state, refusal: refusal(code, message, numbers) };
}
