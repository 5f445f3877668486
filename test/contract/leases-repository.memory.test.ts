import { memoryLeasesRepository } from '#shared/adapters/memory/leases-repository.ts';
import { leasesRepositoryContract } from './leases-repository.contract.ts';

leasesRepositoryContract('memory', async () => memoryLeasesRepository());
