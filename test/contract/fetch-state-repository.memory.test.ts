import { memoryFetchStateRepository } from '#shared/adapters/memory/fetch-state-repository.ts';
import { fetchStateRepositoryContract } from './fetch-state-repository.contract.ts';

fetchStateRepositoryContract('memory', async () => memoryFetchStateRepository());
