import { type Decimal, ZERO } from '../decimal.ts';

/** A position in one instrument; size is signed base units, entry price the average of what is still open. */
export interface OpenPosition {
  readonly size: Decimal;
  readonly entryPrice: Decimal;
}

export const FLAT: OpenPosition = { size: ZERO, entryPrice: ZERO };

export interface PositionChange {
  readonly position: OpenPosition;
  /** Realised profit of the part that was closed, fees excluded. */
  readonly closedPnlQuote: Decimal;
  /** Base units, unsigned. */
  readonly closedSize: Decimal;
  readonly openedSize: Decimal;
  /** −signed size × price: what the trade did to the account's raw quote balance, fees excluded. */
  readonly cashQuote: Decimal;
}

/** Applies one trade. Closing keeps the entry price, adding averages it, a flip closes all and opens the rest. */
export function applyTrade(before: OpenPosition, signed: Decimal, price: Decimal): PositionChange {
  const cashQuote = signed.times(price).neg();
  const sameSide = before.size.isZero() || before.size.isNegative() === signed.isNegative();
  const size = before.size.plus(signed);
  if (sameSide) {
    const cost = before.entryPrice.times(before.size.abs()).plus(price.times(signed.abs()));
    return {
      position: { size, entryPrice: size.isZero() ? ZERO : cost.div(size.abs()) },
      closedPnlQuote: ZERO,
      closedSize: ZERO,
      openedSize: signed.abs(),
      cashQuote,
    };
  }
  const flips = signed.abs().gt(before.size.abs());
  const closedSize = flips ? before.size.abs() : signed.abs();
  const perUnit = before.size.isPositive() ? price.minus(before.entryPrice) : before.entryPrice.minus(price);
  return {
    position: { size, entryPrice: size.isZero() ? ZERO : flips ? price : before.entryPrice },
    closedPnlQuote: perUnit.times(closedSize),
    closedSize,
    openedSize: flips ? size.abs() : ZERO,
    cashQuote,
  };
}
