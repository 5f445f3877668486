import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { pricesRepositoryContract } from './prices-repository.contract.ts';

onEachDatabase(({ name, open }) => pricesRepositoryContract(name, async () => sqlPricesRepository(await open())), {
  looksAtCounts: true,
});
