import { simulatedExchange } from '#test/support/hyperliquid-on-simulator.ts';
import { accountReaderContract } from './account-reader.contract.ts';

accountReaderContract('hyperliquid on the simulator', simulatedExchange);
