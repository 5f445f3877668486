import { describe, expect, it } from 'vitest';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

/** What every store of job heartbeats promises. */
export function jobStateRepositoryContract(name: string, create: () => Promise<JobStateRepository>): void {
  describe(`job state repository: ${name}`, () => {
    it('gives a slot to exactly one of many claimants', async () => {
      const jobs = await create();

      const claims = await Promise.all(Array.from({ length: 8 }, () => jobs.claimSlot('balance', 60_000)));

      expect(claims.filter(Boolean)).toHaveLength(1);
    });

    it('refuses a slot at or before the newest claimed one and gives each later slot once', async () => {
      const jobs = await create();

      expect(await jobs.claimSlot('balance', 0)).toBe(true);
      expect(await jobs.claimSlot('balance', 0)).toBe(false);
      expect(await jobs.claimSlot('balance', 120_000)).toBe(true);
      expect(await jobs.claimSlot('balance', 60_000)).toBe(false);
      expect(await jobs.claimSlot('observer', 60_000)).toBe(true);
    });

    it('gives a slot that was given back once more, and none before it', async () => {
      const jobs = await create();
      await jobs.claimSlot('balance', 60_000);
      await jobs.releaseSlot('balance', 60_000);

      expect(await jobs.claimSlot('balance', 0)).toBe(false);
      expect(await jobs.claimSlot('balance', 60_000)).toBe(true);
      expect(await jobs.claimSlot('balance', 60_000)).toBe(false);
    });

    it('leaves a later claim alone when an earlier one is given back', async () => {
      const jobs = await create();
      await jobs.claimSlot('balance', 0);
      await jobs.claimSlot('balance', 60_000);
      await jobs.releaseSlot('balance', 0);
      await jobs.releaseSlot('unknown', 0);

      expect(await jobs.claimSlot('balance', 0)).toBe(false);
      expect(await jobs.claimSlot('balance', 60_000)).toBe(false);
    });

    it('keeps the slot, the last success and the last error apart', async () => {
      const jobs = await create();
      await jobs.claimSlot('balance', 60_000);
      await jobs.recordOk('balance', 61_000, { positions: 2 });
      await jobs.recordError('balance', 121_000, 'timeout');

      expect(await jobs.all()).toEqual([
        { job: 'balance', lastSlotMs: 60_000, lastOkMs: 61_000, lastError: 'timeout', detail: { positions: 2 } },
      ]);
    });

    it('takes a detail with an error', async () => {
      const jobs = await create();
      await jobs.recordError('feed', 1_000, 'refused', { trouble: 'x' });
      await jobs.recordOk('feed', 2_000);
      await jobs.recordError('feed', 3_000, 'refused again', { trouble: 'y' });

      expect(await jobs.all()).toEqual([
        { job: 'feed', lastSlotMs: -1, lastOkMs: 2_000, lastError: 'refused again', detail: { trouble: 'y' } },
      ]);
    });

    it('clears the error on success and keeps the detail when none is given', async () => {
      const jobs = await create();
      await jobs.recordOk('balance', 1_000, { positions: 2 });
      await jobs.recordError('balance', 2_000, 'timeout');
      await jobs.recordOk('balance', 3_000);

      expect(await jobs.all()).toMatchObject([{ lastOkMs: 3_000, lastError: null, detail: { positions: 2 } }]);
    });

    it('tells a job that never ran or succeeded from one at the epoch', async () => {
      const jobs = await create();
      await jobs.recordError('z-job', 5_000, 'no network');
      await jobs.recordOk('a-job', 0);

      expect(await jobs.all()).toMatchObject([
        { job: 'a-job', lastSlotMs: -1 },
        { job: 'z-job', lastSlotMs: -1, lastOkMs: 0, lastError: 'no network' },
      ]);
      expect(await jobs.claimSlot('z-job', 0)).toBe(true);
    });
  });
}
