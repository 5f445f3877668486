import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { systemStateRepositoryContract } from './system-state-repository.contract.ts';

onEachDatabase(
  ({ name, open }) => systemStateRepositoryContract(name, async () => sqlSystemStateRepository(await open())),
  { looksAtCounts: true },
);
