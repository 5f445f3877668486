import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { installationRepositoryContract } from './installation-repository.contract.ts';

onEachDatabase(({ name, open }) =>
  installationRepositoryContract(name, async () => sqlInstallationRepository(await open())),
);
