import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { candlesRepositoryContract } from './candles-repository.contract.ts';

onEachDatabase(({ name, open }) => candlesRepositoryContract(name, async () => sqlCandlesRepository(await open())), {
  looksAtCounts: true,
});
