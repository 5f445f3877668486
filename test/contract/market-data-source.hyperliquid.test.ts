import { simulatedExchange } from '#test/support/hyperliquid-on-simulator.ts';
import { marketDataSourceContract } from './market-data-source.contract.ts';

marketDataSourceContract('hyperliquid on the simulator', simulatedExchange);
