import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { leasesRepositoryContract } from './leases-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

leasesRepositoryContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return sqlLeasesRepository(db);
});
