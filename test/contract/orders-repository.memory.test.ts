import { memoryOrdersRepository } from '#shared/adapters/memory/orders-repository.ts';
import { orderFillsContract } from './order-fills.contract.ts';
import { ordersRepositoryContract } from './orders-repository.contract.ts';

ordersRepositoryContract('memory', async () => memoryOrdersRepository());
orderFillsContract('memory', async () => memoryOrdersRepository());
