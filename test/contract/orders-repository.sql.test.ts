import { afterEach } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { orderFillsContract } from './order-fills.contract.ts';
import { ordersRepositoryContract } from './orders-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

const create = async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return sqlOrdersRepository(db);
};

ordersRepositoryContract('sqlite', create);
orderFillsContract('sqlite', create);
