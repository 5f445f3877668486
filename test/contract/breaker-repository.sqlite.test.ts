import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { breakerRepositoryContract } from './breaker-repository.contract.ts';

let db: Db | null = null;
afterEach(async () => {
  await db?.destroy();
  db = null;
});

breakerRepositoryContract('sqlite', async () => {
  db = await openSqlite({ path: ':memory:' });
  return new SqlBreakerRepository(db);
});
