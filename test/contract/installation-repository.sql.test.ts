import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { installationRepositoryContract } from './installation-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

installationRepositoryContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return sqlInstallationRepository(db);
});
