import { simulatedExchange } from './hyperliquid-on-simulator.ts';
import { marketDataSourceContract } from './market-data-source.contract.ts';

marketDataSourceContract('hyperliquid on the simulator', simulatedExchange);
