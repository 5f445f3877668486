import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { orderFillsContract } from './order-fills.contract.ts';
import { ordersRepositoryContract } from './orders-repository.contract.ts';

onEachDatabase(
  ({ name, open }) => {
    const create = async () => plannedOrders(sqlCycleStores(await open()));
    ordersRepositoryContract(name, create);
    orderFillsContract(name, create);
  },
  { looksAtCounts: true },
);
