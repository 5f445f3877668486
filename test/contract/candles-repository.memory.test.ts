import { memoryCandlesRepository } from '#shared/adapters/memory/candles-repository.ts';
import { candlesRepositoryContract } from './candles-repository.contract.ts';

candlesRepositoryContract('memory', async () => memoryCandlesRepository());
