import { paperExchange } from '#test/support/paper-exchange.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { accountReaderContract } from './account-reader.contract.ts';

onEachDatabase(({ name, open }) => {
  accountReaderContract(`paper on ${name}`, async () => paperExchange(await open()), true);
});
