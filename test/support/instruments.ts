import type { Instrument } from '#shared/core/market/instrument.ts';

/** An active HyperLiquid perpetual; everything may be overridden. */
export const anInstrument = (coin: string, change: Partial<Instrument> = {}): Instrument => ({
  exchange: 'hyperliquid',
  symbol: `${coin}/USDC:USDC`,
  coin,
  dex: null,
  assetId: 0,
  sizeDecimals: 5,
  maxLeverage: 40,
  minNotionalQuote: '10',
  status: 'active',
  ...change,
});
