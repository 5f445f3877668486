import { memoryInstallationRepository } from '#shared/adapters/memory/installation-repository.ts';
import { installationRepositoryContract } from './installation-repository.contract.ts';

installationRepositoryContract('memory', async () => memoryInstallationRepository());
