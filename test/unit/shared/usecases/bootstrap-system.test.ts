import { describe, expect, it } from 'vitest';
import type { InstallationMark } from '#shared/core/system/restore-sign.ts';
import { bootstrapSystem } from '#shared/usecases/bootstrap-system.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { systemUnderTest, temporaryMarker } from '#test/support/system.ts';

const input = { exchange: 'hyperliquid', by: 'janitor', venueKind: 'simulator' } as const;
const at = { ...input, reason: 'test', atMs: 1 };

/** A database that was approved and ran, and the mark that lies beside it. */
async function approvedSystem() {
  const { deps, state } = systemUnderTest();
  await bootstrapSystem(deps, input);
  await deps.control.change({ kind: 'bootstrap-complete', approval: 'automatic', ...at });
  await deps.control.change({ kind: 'reconciled', ...at });
  return { deps, state, mark: (await deps.marker.read())! };
}
/** The same database found beside another mark. */
const beside = async (deps: Awaited<ReturnType<typeof approvedSystem>>['deps'], mark: InstallationMark | null) => {
  const marker = temporaryMarker();
  if (mark) await marker.write(mark);
  return { ...deps, marker, control: systemControl({ ...deps, marker }) };
};

describe('bootstrap system', () => {
  it('creates the installation tag once', async () => {
    const { deps } = systemUnderTest();

    const first = await bootstrapSystem(deps, input);
    const second = await bootstrapSystem(deps, input);

    expect(first.installationTag).toMatch(/^[0-9a-f]{8}$/);
    expect(second.installationTag).toBe(first.installationTag);
    expect(await deps.marker.read()).toEqual({ tag: first.installationTag, stateVersions: { hyperliquid: 1 } });
  });

  it('trusts the database that its mark knows', async () => {
    const { deps, state } = await approvedSystem();

    const outcome = await bootstrapSystem(deps, input);

    expect(outcome.restored).toBeNull();
    expect(await state()).toMatchObject({ state: 'RECONCILING' });
  });

  it.each([
    ['was copied to a place without a mark', () => null, 'copied'],
    ['belongs to another installation', (mark) => ({ ...mark, tag: '12345678' }), 'of 12345678'],
    ['is an older backup', (mark) => ({ ...mark, stateVersions: { hyperliquid: 9 } }), 'backup'],
  ] satisfies [string, (mark: { tag: string; stateVersions: object }) => object | null, string][])(
    'starts LOCKED (freeze) and raises an alarm when the database %s',
    async (_what, change, reason) => {
      const { deps, state, mark } = await approvedSystem();
      const restored = await beside(deps, change(mark) as never);
      // A deployment locks before it starts what it has deployed; that must not make the mark fit.
      const locked = await restored.control.change({ kind: 'lock', mode: 'close-only', ...at });
      expect(locked).toMatchObject({ kind: 'changed', markError: expect.stringContaining('not of this database') });

      const outcome = await bootstrapSystem(restored, input);

      expect(outcome.restored).toContain(reason);
      expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
      expect(await deps.alerts.raised()).toMatchObject([{ kind: 'database-restored', severity: 'critical' }]);

      // Locked in another way meanwhile, whose reason says nothing of a copy: it is one all the same.
      await restored.control.change({ kind: 'lock', mode: 'close-only', ...at });
      const again = await bootstrapSystem(restored, input);
      expect(again.restored, 'the new place is known now').toBeNull();
      expect(await state(), 'and the lock stays').toMatchObject({ state: 'LOCKED' });

      await restored.control.change({ kind: 'unlock', ...at });
      const tag = await deps.installation.tag();
      expect(tag).toMatch(/^[0-9a-f]{8}$/);
      expect(tag, 'a copy has a tag of its own').not.toBe(outcome.installationTag);
      expect(await restored.marker.read()).toMatchObject({ tag });
      expect((await bootstrapSystem(restored, input)).restored).toBeNull();

      await restored.control.change({ kind: 'lock', mode: 'close-only', ...at });
      await restored.control.change({ kind: 'unlock', ...at });
      expect(await deps.installation.tag(), 'which it keeps').toBe(tag);
    },
  );

  it('locks every exchange of a copied database, although the first one has marked its new place', async () => {
    const { deps, mark } = await approvedSystem();
    const second = { ...input, exchange: 'second' } as const;
    const ofSecond = { ...at, exchange: 'second' };
    await bootstrapSystem(deps, second);
    await deps.control.change({ kind: 'bootstrap-complete', approval: 'automatic', ...ofSecond });
    const restored = await beside(deps, null);

    expect((await bootstrapSystem(restored, input)).restored).toContain('copied');
    expect((await bootstrapSystem(restored, second)).restored).toContain('by another exchange');

    for (const exchange of ['hyperliquid', 'second']) {
      expect(await deps.systemState.read(exchange)).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
    }
    await restored.control.change({ kind: 'unlock', ...at });
    expect(await deps.systemState.read('second'), 'each is unlocked by itself').toMatchObject({ state: 'LOCKED' });
    const tag = await deps.installation.tag();
    expect(tag).not.toBe(mark.tag);
    await restored.control.change({ kind: 'unlock', ...ofSecond });
    expect(await deps.installation.tag(), 'under the one new tag').toBe(tag);
  });

  it('keeps the beats of the other exchanges when one is judged', async () => {
    const { deps } = await approvedSystem();
    const { tag } = (await deps.marker.read())!;
    await deps.marker.write({ tag, stateVersions: { hyperliquid: 9 }, beatsMs: { hyperliquid: 5, second: 7 } });

    await bootstrapSystem(deps, input);

    expect(await deps.marker.read()).toMatchObject({ beatsMs: { second: 7 } });
    expect((await deps.marker.read())?.beatsMs).not.toHaveProperty('hyperliquid');
  });

  it('starts LOCKED when the venue is of another kind than the one it traded on, until a human unlocks it', async () => {
    const { deps, state } = await approvedSystem();
    const onPaper = { ...input, venueKind: 'paper' } as const;

    const first = await bootstrapSystem(deps, onPaper);
    const second = await bootstrapSystem(deps, onPaper);

    expect(first.restored).toContain('of kind simulator, which is now paper');
    expect(second.restored, 'it is said once').toBeNull();
    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
  });

  it('takes a state that somebody changes and marks meanwhile for no sign of a backup', async () => {
    const { deps, state } = await approvedSystem();
    const read = deps.marker.read;
    const marker = {
      ...deps.marker,
      read: async () => {
        await deps.control.change({ kind: 'lock', mode: 'close-only', ...at });
        return read();
      },
    };

    expect((await bootstrapSystem({ ...deps, marker }, input)).restored).toBeNull();
    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'close-only' });
  });

  it('starts LOCKED when the database has lost beats of the janitor that its mark has seen', async () => {
    const { deps, state, mark } = await approvedSystem();
    const nowMs = deps.clock.nowMs();
    await deps.jobs.recordOk('janitor', nowMs - 600_000);
    const beatsMs = { hyperliquid: nowMs };

    const outcome = await bootstrapSystem(await beside(deps, { ...mark, beatsMs }), input);

    expect(outcome.restored).toContain('lost 600 s');
    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
  });
});
