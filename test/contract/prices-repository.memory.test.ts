import { memoryPricesRepository } from '#shared/adapters/memory/prices-repository.ts';
import { pricesRepositoryContract } from './prices-repository.contract.ts';

pricesRepositoryContract('memory', async () => memoryPricesRepository());
