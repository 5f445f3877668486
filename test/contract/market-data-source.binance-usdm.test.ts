import { simulatedBinanceUsdm } from '#test/support/binance-usdm-on-simulator.ts';
import { marketDataSourceContract } from './market-data-source.contract.ts';

marketDataSourceContract('binance-usdm on the simulator', simulatedBinanceUsdm);
