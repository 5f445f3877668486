import { Decimal, type DecimalText, dec, decimalText } from '../decimal.ts';

/** Which prices a venue takes for an instrument. */
export type PriceRule =
  /** Multiples of `tick`. */
  | { readonly kind: 'tick'; readonly tick: DecimalText }
  /** At most `figures` significant figures and at most `decimals` decimals; whole numbers always. */
  | { readonly kind: 'significant'; readonly figures: number; readonly decimals: number };

export type RoundDirection = 'up' | 'down' | 'nearest';

const ROUNDING = {
  up: Decimal.ROUND_CEIL,
  down: Decimal.ROUND_FLOOR,
  nearest: Decimal.ROUND_HALF_UP,
} as const;
type Rounding = (typeof ROUNDING)[RoundDirection] | typeof Decimal.ROUND_DOWN;

/** How many decimals a price of this magnitude may have under the rule of significant figures. */
function significantDecimals(price: number, { figures, decimals }: PriceRule & { kind: 'significant' }): number {
  if (!(price > 0)) return decimals;
  let exponent = Math.floor(Math.log10(price));
  // The logarithm may be off by one next to a power of ten.
  if (10 ** exponent > price) exponent -= 1;
  else if (10 ** (exponent + 1) <= price) exponent += 1;
  return Math.max(0, Math.min(decimals, figures - 1 - exponent));
}

const perUnits = new Map<DecimalText, number>();

/** How many of a step make one: 100 of 0.01. Exact for steps that divide one. */
export function perUnit(step: DecimalText): number {
  let count = perUnits.get(step);
  if (count === undefined) {
    count = new Decimal(1).div(step).toNumber();
    perUnits.set(step, count);
  }
  return count;
}

/** Ticks in one unit of price, for a price of this magnitude: whole-number arithmetic for a feed. */
export const ticksPerUnit = (price: number, rule: PriceRule): number =>
  rule.kind === 'tick' ? perUnit(rule.tick) : 10 ** significantDecimals(price, rule);

/** The nearest multiple of a positive step in that direction. */
const toStep = (value: Decimal, step: DecimalText, rounding: Rounding): Decimal => value.toNearest(step, rounding);

/**
 * Moves a positive price onto the grid: a buy bound rounds `down`, a sell bound `up`, so that rounding never spends more.
 * Throws RangeError for a price that is not positive and finite, or that rounds down to nothing.
 */
export function roundPrice(price: Decimal | number | string, rule: PriceRule, direction: RoundDirection): DecimalText {
  const value = new Decimal(price);
  if (!value.isFinite() || value.lte(0)) throw new RangeError(`not a price: ${String(price)}`);
  const rounded = onGrid(value, rule, ROUNDING[direction]);
  if (rounded.isZero()) throw new RangeError(`price ${value.toFixed()} is below one tick`);
  return decimalText(rounded);
}

function onGrid(value: Decimal, rule: PriceRule, rounding: Rounding): Decimal {
  if (rule.kind === 'tick') return toStep(value, rule.tick, rounding);
  if (value.isInteger()) return value;
  return value.toDecimalPlaces(Math.max(0, Math.min(rule.decimals, rule.figures - 1 - value.e)), rounding);
}

/** True when the price is positive and the venue takes it as it is. */
export const isOnGrid = (price: Decimal, rule: PriceRule): boolean =>
  price.isFinite() && price.gt(0) && onGrid(price, rule, ROUNDING.nearest).eq(price);

/** True when the text is already the one spelling of a price on the grid: what a venue accepts unchanged. */
export function isOnTick(price: DecimalText, rule: PriceRule): boolean {
  const value = new Decimal(price);
  return isOnGrid(value, rule) && decimalText(value) === price;
}

/** Whole lots of `sizeStep` towards zero: rounding never adds risk. */
export const towardZero = (size: Decimal, sizeStep: DecimalText): Decimal => toStep(size, sizeStep, Decimal.ROUND_DOWN);

/** True when the size is a whole number of lots; of either sign, zero included. */
export const isWholeLots = (size: Decimal, sizeStep: DecimalText): boolean =>
  size.isFinite() && size.mod(sizeStep).isZero();

/** Whole lots in an unsigned size, rounded down; null when there is not even one. */
export function wholeLots(size: Decimal | number | string, sizeStep: DecimalText): DecimalText | null {
  const value = new Decimal(size);
  if (!value.isFinite() || value.isNegative()) throw new RangeError(`not an unsigned size: ${String(size)}`);
  const lots = towardZero(value, sizeStep);
  return lots.isZero() ? null : decimalText(lots);
}

/** Like {@link wholeLots}, for sizes already known to be worth a lot: throws RangeError instead of sending nothing. */
export function floorToLot(size: Decimal | number | string, sizeStep: DecimalText): DecimalText {
  const lots = wholeLots(size, sizeStep);
  if (lots === null) throw new RangeError(`size ${String(size)} is below one lot of ${sizeStep}`);
  return lots;
}

/** Decimals of a step: 2 of 0.05. */
export const decimalsOf = (step: DecimalText): number => dec(step).decimalPlaces();
