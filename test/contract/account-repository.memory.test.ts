import { memoryAccountRepository } from '#shared/adapters/memory/account-repository.ts';
import { accountRepositoryContract } from './account-repository.contract.ts';

accountRepositoryContract('memory', async () => memoryAccountRepository());
