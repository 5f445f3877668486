import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { systemStateRepositoryContract } from './system-state-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

systemStateRepositoryContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return sqlSystemStateRepository(db);
});
