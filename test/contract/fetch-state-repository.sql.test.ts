import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { fetchStateRepositoryContract } from './fetch-state-repository.contract.ts';

onEachDatabase(({ name, open }) =>
  fetchStateRepositoryContract(name, async () => sqlFetchStateRepository(await open())),
);
