import { Decimal } from '../decimal.ts';

/**
 * HyperLiquid's perpetual tick rule: at most 5 significant figures and at most 6 − sizeDecimals decimals; whole
 * numbers are always allowed. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
 */
const MAX_SIGNIFICANT = 5;
const MAX_DECIMALS = 6;

/** How many decimals a price of this magnitude may have. */
export function priceDecimals(price: number, sizeDecimals: number): number {
  const cap = Math.max(0, MAX_DECIMALS - sizeDecimals);
  if (!(price > 0)) return cap;
  let exponent = Math.floor(Math.log10(price));
  // The logarithm may be off by one next to a power of ten.
  if (10 ** exponent > price) exponent -= 1;
  else if (10 ** (exponent + 1) <= price) exponent += 1;
  return Math.max(0, Math.min(cap, MAX_SIGNIFICANT - 1 - exponent));
}

/** True when the price is positive and lies on the venue's grid. */
export function isOnPriceGrid(price: Decimal, sizeDecimals: number): boolean {
  if (!price.isFinite() || price.lte(0)) return false;
  if (price.isInteger()) return true;
  return price.precision() <= MAX_SIGNIFICANT && price.decimalPlaces() <= Math.max(0, MAX_DECIMALS - sizeDecimals);
}

/** True when the size is positive and a whole number of lots of 10^-sizeDecimals. */
export const isOnLotGrid = (size: Decimal, sizeDecimals: number): boolean =>
  size.isFinite() && size.gt(0) && size.decimalPlaces() <= sizeDecimals;

export type PriceRounding = 'down' | 'up' | 'nearest';

/** Moves a positive price onto the grid. `nearest` rounds halves up. */
export function toPriceGrid(price: Decimal, sizeDecimals: number, rounding: PriceRounding): Decimal {
  const mode =
    rounding === 'down' ? Decimal.ROUND_FLOOR : rounding === 'up' ? Decimal.ROUND_CEIL : Decimal.ROUND_HALF_UP;
  return price.toDecimalPlaces(priceDecimals(price.toNumber(), sizeDecimals), mode);
}
