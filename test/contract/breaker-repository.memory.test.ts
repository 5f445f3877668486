import { MemoryBreakerRepository } from '#shared/adapters/memory/memory-breaker-repository.ts';
import { breakerRepositoryContract } from './breaker-repository.contract.ts';

breakerRepositoryContract('memory', async () => new MemoryBreakerRepository());
