import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { breakerRepositoryContract } from './breaker-repository.contract.ts';

onEachDatabase(
  ({ name, open }) => breakerRepositoryContract(name, async () => new SqlBreakerRepository(await open())),
  { looksAtCounts: true },
);
