import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { orderFillsContract } from './order-fills.contract.ts';
import { ordersRepositoryContract } from './orders-repository.contract.ts';

onEachDatabase(
  ({ name, open }) => {
    const create = async () => sqlOrdersRepository(await open());
    ordersRepositoryContract(name, create);
    orderFillsContract(name, create);
  },
  { looksAtCounts: true },
);
