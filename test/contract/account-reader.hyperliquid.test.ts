import { accountReaderContract } from './account-reader.contract.ts';
import { simulatedExchange } from './hyperliquid-on-simulator.ts';

accountReaderContract('hyperliquid on the simulator', simulatedExchange);
