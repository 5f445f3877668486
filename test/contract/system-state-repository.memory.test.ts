import { memorySystemStateRepository } from '#shared/adapters/memory/system-state-repository.ts';
import { systemStateRepositoryContract } from './system-state-repository.contract.ts';

systemStateRepositoryContract('memory', async () => memorySystemStateRepository());
