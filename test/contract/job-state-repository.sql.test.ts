import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { jobStateRepositoryContract } from './job-state-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

jobStateRepositoryContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return sqlJobStateRepository(db);
});
