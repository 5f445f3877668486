import { simulatedBinanceUsdm } from '#test/support/binance-usdm-on-simulator.ts';
import { accountReaderContract } from './account-reader.contract.ts';

accountReaderContract('binance-usdm on the simulator', simulatedBinanceUsdm);
