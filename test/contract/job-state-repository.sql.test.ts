import { describe, expect, it } from 'vitest';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { jobStateRepositoryContract } from './job-state-repository.contract.ts';

onEachDatabase(
  ({ name, open }) => {
    jobStateRepositoryContract(name, async () => sqlJobStateRepository(await open(), 'a'));

    describe(`the jobs of two exchanges: ${name}`, () => {
      it('are each their own: beats, slots and errors of the other are never seen', async () => {
        const db = await open();
        const [ours, others] = [sqlJobStateRepository(db, 'a'), sqlJobStateRepository(db, 'b')];
        await others.recordOk('run-supervisor', 9_000);
        await others.recordError('balance', 9_000, 'down');

        expect(await ours.all()).toEqual([]);
        expect(await others.claimSlot('balance', 60_000)).toBe(true);
        expect(await ours.claimSlot('balance', 60_000)).toBe(true);
        await ours.releaseSlot('balance', 60_000);
        expect(await others.claimSlot('balance', 60_000)).toBe(false);
        expect((await ours.all()).map(({ job, lastError }) => [job, lastError])).toEqual([['balance', null]]);
      });
    });
  },
  { looksAtCounts: true },
);
