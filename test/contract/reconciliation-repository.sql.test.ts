import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { reconciliationRepositoryContract } from './reconciliation-repository.contract.ts';

onEachDatabase(({ name, open }) => reconciliationRepositoryContract(name, async () => sqlCycleStores(await open())));
