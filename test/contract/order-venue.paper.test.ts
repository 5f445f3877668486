import { paperExchange } from '#test/support/paper-exchange.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { orderVenueContract } from './order-venue.contract.ts';

onEachDatabase(({ name, open }) => {
  orderVenueContract(`paper on ${name}`, async () => paperExchange(await open()));
});
