import { memoryJobStateRepository } from '#shared/adapters/memory/job-state-repository.ts';
import { jobStateRepositoryContract } from './job-state-repository.contract.ts';

jobStateRepositoryContract('memory', async () => memoryJobStateRepository());
