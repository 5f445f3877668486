import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { jobStateRepositoryContract } from './job-state-repository.contract.ts';

onEachDatabase(({ name, open }) => jobStateRepositoryContract(name, async () => sqlJobStateRepository(await open())), {
  looksAtCounts: true,
});
