import { memoryInstrumentsRepository } from '#shared/adapters/memory/instruments-repository.ts';
import { instrumentsRepositoryContract } from './instruments-repository.contract.ts';

instrumentsRepositoryContract('memory', async () => memoryInstrumentsRepository());
