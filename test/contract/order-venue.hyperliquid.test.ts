import { simulatedExchange } from '#test/support/hyperliquid-on-simulator.ts';
import { orderVenueContract } from './order-venue.contract.ts';

orderVenueContract('hyperliquid on the simulator', simulatedExchange);
