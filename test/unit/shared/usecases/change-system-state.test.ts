import { describe, expect, it } from 'vitest';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { changeSystemState, systemControl } from '#shared/usecases/change-system-state.ts';
import { lockSystem } from '#shared/usecases/lock-system.ts';
import { unlockSystem } from '#shared/usecases/unlock-system.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

const at = { exchange: 'hyperliquid', by: 'cli:ada', reason: 'because', atMs: 1_000 };

function system() {
  const db = memoryDatabase();
  const deps = {
    systemState: sqlSystemStateRepository(db),
    installation: sqlInstallationRepository(db),
    marker: null,
  };
  return { ...deps, clock: manualClock(), control: systemControl(deps) };
}

describe('change system state', () => {
  it('decides again from the new state when it loses a race', async () => {
    const deps = system();
    await changeSystemState(deps, { kind: 'start', ...at });
    let interfered = false;
    const racing = {
      ...deps.systemState,
      compareAndSet: async (...args: Parameters<typeof deps.systemState.compareAndSet>) => {
        if (!interfered) {
          interfered = true;
          await changeSystemState(deps, { kind: 'lock', mode: 'flatten', ...at, by: 'other' });
        }
        return deps.systemState.compareAndSet(...args);
      },
    };

    const outcome = await changeSystemState(
      { ...deps, systemState: racing },
      { kind: 'bootstrap-complete', venueKind: 'simulator', approval: 'automatic', ...at },
    );

    expect(outcome, 'the lock came first, so the bootstrap does not approve').toMatchObject({ kind: 'no-op' });
    expect(await deps.systemState.read('hyperliquid')).toMatchObject({ state: 'LOCKED', lockMode: 'flatten' });
  });

  it('gives up with a coded refusal when it loses again and again', async () => {
    const deps = system();
    const hopeless = { ...deps.systemState, compareAndSet: async () => 'conflict' as const };

    const outcome = await changeSystemState({ ...deps, systemState: hopeless }, { kind: 'start', ...at });

    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'state-contended' } });
  });

  it('stores the change even when the mark beside the database cannot be written', async () => {
    const deps = system();
    await deps.installation.ensureTag('aaaaaaaa');
    const marker = {
      read: async () => null,
      write: async () => {
        throw new Error('disk full');
      },
    };

    const outcome = await changeSystemState({ ...deps, marker }, { kind: 'lock', mode: 'freeze', ...at });

    expect(outcome).toMatchObject({ kind: 'changed', markError: 'disk full' });
    expect(await deps.systemState.read('hyperliquid')).toMatchObject({ state: 'LOCKED' });
  });

  it('locks close-only unless another mode is asked for', async () => {
    const deps = system();

    await lockSystem(deps, { exchange: 'hyperliquid', by: 'page', reason: 'stop' });

    expect(await deps.systemState.read('hyperliquid')).toMatchObject({ lockMode: 'close-only', changedBy: 'page' });
  });

  it('does not undo a lock that the human has not seen', async () => {
    const deps = system();
    await lockSystem(deps, { exchange: 'hyperliquid', by: 'page', reason: 'first' });
    const seen = (await deps.systemState.read('hyperliquid'))!.version;
    await lockSystem(deps, { exchange: 'hyperliquid', by: 'cli:bob', reason: 'second', mode: 'freeze' });

    const outcome = await unlockSystem(deps, {
      exchange: 'hyperliquid',
      by: 'page',
      reason: 'all fine',
      expectedVersion: seen,
    });

    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'state-moved' } });
    expect(await deps.systemState.read('hyperliquid')).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
  });
});
