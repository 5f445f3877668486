import { Decimal, dec, ZERO } from '../decimal.ts';

/** Initial margin of a position in quote units: |size| × price ÷ leverage. */
export const initialMargin = (size: Decimal, price: Decimal, leverage: number): Decimal =>
  size.abs().times(price).div(leverage);

/**
 * Margin a symbol may use: its share of the budget by leverage, times the multiplier (the original's caps).
 * `totalLeverage` is the sum over all managed symbols, so no symbol's place in a list matters.
 */
export function symbolCap(budgetQuote: Decimal, leverage: number, totalLeverage: number, multiplier: Decimal): Decimal {
  if (totalLeverage <= 0 || budgetQuote.lte(0)) return ZERO;
  return budgetQuote.times(leverage).div(totalLeverage).times(multiplier);
}

/**
 * Share of every planned increase that the account's free initial margin can carry, in [0, 1]. All increases of a cycle shrink
 * alike: who comes first in a list gets nothing extra. Reductions of the same cycle give nothing back until they are filled.
 */
export function increaseShare(freeQuote: Decimal, needsQuote: readonly Decimal[]): Decimal {
  const total = needsQuote.reduce((sum, need) => sum.plus(need), ZERO);
  if (total.lte(freeQuote)) return dec(1);
  if (freeQuote.lte(0)) return ZERO;
  // Rounded down, so that the shares together stay within what is free.
  return freeQuote.div(total).toDecimalPlaces(12, Decimal.ROUND_DOWN);
}
