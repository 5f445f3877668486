import { Decimal, type DecimalText, decimalText } from '../decimal.ts';

/**
 * HyperLiquid's grid for perpetual prices: at most 5 significant figures and at most 6 − sizeDecimals decimals; whole
 * numbers are always allowed. Sizes are whole lots of 10^-sizeDecimals.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
 */
const SIGNIFICANT_FIGURES_MAX = 5;
const PRICE_DECIMALS_MAX = 6;

export type RoundDirection = 'up' | 'down' | 'nearest';

const ROUNDING = {
  up: Decimal.ROUND_CEIL,
  down: Decimal.ROUND_FLOOR,
  nearest: Decimal.ROUND_HALF_UP,
} as const;

/**
 * Moves a positive price onto the grid: a buy bound rounds `down`, a sell bound `up`, so that rounding never spends more.
 * Throws RangeError for a price that is not positive and finite, or that rounds down to nothing.
 */
export function roundPrice(
  price: Decimal | number | string,
  sizeDecimals: number,
  direction: RoundDirection,
): DecimalText {
  const value = new Decimal(price);
  if (!value.isFinite() || value.lte(0)) throw new RangeError(`not a price: ${String(price)}`);
  if (value.isInteger()) return decimalText(value);
  const bySignificance = SIGNIFICANT_FIGURES_MAX - 1 - value.e;
  const decimals = Math.max(0, Math.min(PRICE_DECIMALS_MAX - sizeDecimals, bySignificance));
  const rounded = value.toDecimalPlaces(decimals, ROUNDING[direction]);
  if (rounded.isZero()) throw new RangeError(`price ${value.toFixed()} is below one tick`);
  return decimalText(rounded);
}

/** True when the text is already the one spelling of a price on the grid: what a venue accepts unchanged. */
export function isOnTick(price: DecimalText, sizeDecimals: number): boolean {
  const value = new Decimal(price);
  return value.isFinite() && value.gt(0) && roundPrice(value, sizeDecimals, 'nearest') === price;
}

/** Whole lots in an unsigned size, rounded down; null when there is not even one. */
export function wholeLots(size: Decimal | number | string, sizeDecimals: number): DecimalText | null {
  const value = new Decimal(size);
  if (!value.isFinite() || value.isNegative()) throw new RangeError(`not an unsigned size: ${String(size)}`);
  const lots = value.toDecimalPlaces(sizeDecimals, Decimal.ROUND_FLOOR);
  return lots.isZero() ? null : decimalText(lots);
}

/** Like {@link wholeLots}, for sizes already known to be worth a lot: throws RangeError instead of sending nothing. */
export function floorToLot(size: Decimal | number | string, sizeDecimals: number): DecimalText {
  const lots = wholeLots(size, sizeDecimals);
  if (lots === null) throw new RangeError(`size ${String(size)} is below one lot of ${sizeDecimals} decimals`);
  return lots;
}
