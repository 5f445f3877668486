import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { instrumentsRepositoryContract } from './instruments-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

instrumentsRepositoryContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return sqlInstrumentsRepository(db);
});
