import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { accountRepositoryContract } from './account-repository.contract.ts';

onEachDatabase(({ name, open }) => accountRepositoryContract(name, async () => sqlAccountRepository(await open())));
