import { memoryCycleStores } from '#test/support/cycle-stores.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { orderFillsContract } from './order-fills.contract.ts';
import { ordersRepositoryContract } from './orders-repository.contract.ts';

const create = async () => plannedOrders(memoryCycleStores());
ordersRepositoryContract('memory', create);
orderFillsContract('memory', create);
