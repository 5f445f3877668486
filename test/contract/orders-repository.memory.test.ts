import { memoryOrdersRepository } from '#shared/adapters/memory/orders-repository.ts';
import { ordersRepositoryContract } from './orders-repository.contract.ts';

ordersRepositoryContract('memory', async () => memoryOrdersRepository());
