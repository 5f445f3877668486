import { decimalText } from '#shared/core/decimal.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { InstrumentsRepository, Product } from '#shared/ports/repositories/instruments-repository.ts';

/** Lots of 10^-decimals and prices of five significant figures, as HyperLiquid has them. */
export function lots(decimals: number): Pick<Instrument, 'priceRule' | 'sizeStep' | 'minSize'> {
  const sizeStep = decimalText(10 ** -decimals);
  return {
    priceRule: { kind: 'significant', figures: 5, decimals: Math.max(0, 6 - decimals) },
    sizeStep,
    minSize: sizeStep,
  };
}

/** An active HyperLiquid perpetual; everything may be overridden. */
export const anInstrument = (coin: string, change: Partial<Instrument> = {}): Instrument => ({
  exchange: 'hyperliquid',
  symbol: `${coin}/USDC:USDC`,
  venueSymbol: coin,
  subAccount: null,
  assetId: 0,
  ...lots(5),
  sizeUnit: 'base',
  contractSize: '1',
  marginMode: 'cross',
  maxLeverage: 40,
  minNotionalQuote: '10',
  status: 'active',
  ...change,
});

/** A managed instrument whose position is 3T's. */
export const aProduct = (instrument: Instrument): Product => ({
  instrument,
  managed: true,
  leverage: null,
  managedSinceMs: null,
  takeover: null,
});

/** Manages symbols since then, with nothing left to settle: what they hold is 3T's. */
export async function manageAsOurs(
  instruments: InstrumentsRepository,
  exchange: string,
  symbols: readonly string[],
  managedSinceMs: number,
): Promise<void> {
  await instruments.manageNew(exchange, symbols, managedSinceMs);
  await instruments.endTakeover(
    exchange,
    symbols.map((symbol) => ({ symbol, managedSinceMs })),
  );
}
