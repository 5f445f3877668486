import { simulatedBinanceUsdm } from '#test/support/binance-usdm-on-simulator.ts';
import { orderVenueContract } from './order-venue.contract.ts';

orderVenueContract('binance-usdm on the simulator', simulatedBinanceUsdm);
