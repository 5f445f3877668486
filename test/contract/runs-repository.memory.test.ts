import { MemoryRunsRepository } from '#shared/adapters/memory/runs-repository.ts';
import { runsRepositoryContract } from './runs-repository.contract.ts';

runsRepositoryContract('memory', async () => new MemoryRunsRepository());
