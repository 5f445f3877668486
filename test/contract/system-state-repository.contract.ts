import { describe, expect, it } from 'vitest';
import type { SystemState } from '#shared/core/system/system-state.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';

const state = (version: number, change: Partial<SystemState> = {}): SystemState => ({
  exchange: 'hyperliquid',
  state: 'BOOTSTRAPPING',
  lockMode: null,
  reason: `reason ${version}`,
  changedBy: 'janitor',
  changedAtMs: 1_000 * version,
  approved: false,
  version,
  ...change,
});

/** What every store of the system state promises. */
export function systemStateRepositoryContract(name: string, create: () => Promise<SystemStateRepository>): void {
  describe(`system state repository: ${name}`, () => {
    it('reads null before anything was stored', async () => {
      const repository = await create();

      expect(await repository.read('hyperliquid')).toBeNull();
      expect(await repository.audit('hyperliquid', 10)).toEqual([]);
    });

    it('reads back every field that was stored', async () => {
      const repository = await create();
      const locked = state(2, { state: 'LOCKED', lockMode: 'flatten', approved: true, changedBy: 'cli:ada' });

      await repository.compareAndSet(state(1), 0);
      expect(await repository.compareAndSet(locked, 1)).toBe('stored');

      expect(await repository.read('hyperliquid')).toEqual(locked);
    });

    it('reports a conflict and changes nothing when the version has moved on', async () => {
      const repository = await create();
      await repository.compareAndSet(state(1), 0);
      await repository.compareAndSet(state(2, { state: 'RECONCILING' }), 1);

      expect(await repository.compareAndSet(state(2, { state: 'HEALTHY' }), 1)).toBe('conflict');
      expect(await repository.compareAndSet(state(1), 0)).toBe('conflict');
      expect(await repository.compareAndSet(state(9), 8)).toBe('conflict');

      expect(await repository.read('hyperliquid')).toMatchObject({ state: 'RECONCILING', version: 2 });
      expect(await repository.audit('hyperliquid', 10)).toHaveLength(2);
    });

    it('lets exactly one of many writers win', async () => {
      const repository = await create();
      await repository.compareAndSet(state(1), 0);
      const writers = Array.from({ length: 8 }, (_, i) =>
        repository.compareAndSet(state(2, { state: 'LOCKED', lockMode: 'freeze', changedBy: `writer-${i}` }), 1),
      );

      const answers = await Promise.all(writers);

      expect(answers.filter((a) => a === 'stored')).toHaveLength(1);
      const winner = `writer-${answers.indexOf('stored')}`;
      expect(await repository.read('hyperliquid')).toMatchObject({ changedBy: winner });
    });

    it('lists changes newest first, with the state before each', async () => {
      const repository = await create();
      await repository.compareAndSet(state(1), 0);
      await repository.compareAndSet(state(2, { state: 'LOCKED', lockMode: 'freeze' }), 1);
      await repository.compareAndSet(state(3, { state: 'RECONCILING', approved: true }), 2);

      const audit = await repository.audit('hyperliquid', 2);

      expect(audit).toEqual([
        { ...state(3, { state: 'RECONCILING', approved: true }), fromState: 'LOCKED' },
        { ...state(2, { state: 'LOCKED', lockMode: 'freeze' }), fromState: 'BOOTSTRAPPING' },
      ]);
      expect((await repository.audit('hyperliquid', 10)).at(-1)).toMatchObject({ fromState: null });
    });

    it('keeps exchanges apart', async () => {
      const repository = await create();
      await repository.compareAndSet(state(1), 0);

      expect(await repository.read('other')).toBeNull();
      expect(await repository.compareAndSet(state(1, { exchange: 'other' }), 0)).toBe('stored');
    });
  });
}
