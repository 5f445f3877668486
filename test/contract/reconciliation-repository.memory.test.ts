import { memoryCycleStores } from '#test/support/cycle-stores.ts';
import { reconciliationRepositoryContract } from './reconciliation-repository.contract.ts';

reconciliationRepositoryContract('memory', async () => memoryCycleStores());
