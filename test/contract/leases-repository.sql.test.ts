import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { leasesRepositoryContract } from './leases-repository.contract.ts';

onEachDatabase(({ name, open }) => leasesRepositoryContract(name, async () => sqlLeasesRepository(await open())));
