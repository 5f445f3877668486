import { type Decimal, ZERO } from '../decimal.ts';
import type { Side } from '../orders/order.ts';

/** Sizes in signed base units on the lot grid; values in quote units. */
export interface GapInputs {
  readonly desired: Decimal;
  readonly actual: Decimal;
  /** Reference price of the symbol. */
  readonly price: Decimal;
  readonly lot: Decimal;
  /** `minimum_trade_threshold`: a smaller difference is left alone, unless it is a full exit. Inclusive. */
  readonly minimumTradeQuote: Decimal;
  /** The venue refuses smaller orders. */
  readonly venueMinimumQuote: Decimal;
  /**
   * Set when limits allow a position too small to be held and `desired` is therefore zero: what is held is then closed only when it
   * is more than a smallest trade above this, or an equity near the border would open and close it again and again.
   */
  readonly allowed?: Decimal | null;
}

/** What the trade does to the position. `flip-exit`: the exit half; the entry follows in the next epoch. */
export const GAP_EFFECTS = ['open', 'increase', 'reduce', 'exit', 'flip-exit'] as const;
export type GapEffect = (typeof GAP_EFFECTS)[number];

/** Nothing to trade. */
export const IN_SYNC_CODES = ['aligned', 'below-threshold'] as const;
export type InSyncCode = (typeof IN_SYNC_CODES)[number];

export type Gap =
  | { readonly kind: 'in-sync'; readonly code: InSyncCode; readonly valueQuote: Decimal }
  | {
      readonly kind: 'trade';
      readonly effect: GapEffect;
      readonly side: Side;
      /** Unsigned base units. */
      readonly size: Decimal;
      readonly valueQuote: Decimal;
    };

export const reduces = (effect: GapEffect): boolean => effect !== 'open' && effect !== 'increase';

/**
 * What to trade to come from actual to desired (the original's ten rows). One order never crosses zero.
 */
export function decideGap(inputs: GapInputs): Gap {
  const { actual, desired, price, lot } = inputs;
  const delta = desired.minus(actual);
  const size = delta.abs();
  const valueQuote = size.times(price);
  if (size.lt(lot)) return { kind: 'in-sync', code: 'aligned', valueQuote };

  const held = actual.abs();
  const wanted = desired.abs();
  const isFlat = held.lt(lot);
  if (!isFlat) {
    if (wanted.lt(lot)) {
      const aboveQuote = actual
        .minus(inputs.allowed ?? ZERO)
        .abs()
        .times(price);
      const isKept = inputs.allowed != null && !isOpposite(inputs.allowed, actual) && isTooSmall(inputs, aboveQuote);
      return isKept
        ? { kind: 'in-sync', code: 'below-threshold', valueQuote: aboveQuote }
        : exit('exit', actual, price);
    }
    if (desired.isPositive() !== actual.isPositive()) return exit('flip-exit', actual, price);
  }
  if (isTooSmall(inputs, valueQuote)) {
    return { kind: 'in-sync', code: 'below-threshold', valueQuote };
  }
  const effect = isFlat ? 'open' : wanted.gt(held) ? 'increase' : 'reduce';
  return { kind: 'trade', effect, side: delta.isPositive() ? 'buy' : 'sell', size, valueQuote };
}

const isTooSmall = ({ minimumTradeQuote, venueMinimumQuote }: GapInputs, valueQuote: Decimal): boolean =>
  valueQuote.lt(minimumTradeQuote) || valueQuote.lt(venueMinimumQuote);
const isOpposite = (a: Decimal, b: Decimal): boolean => !a.isZero() && a.isNegative() !== b.isNegative();

const exit = (effect: 'exit' | 'flip-exit', actual: Decimal, price: Decimal): Gap => ({
  kind: 'trade',
  effect,
  side: actual.isPositive() ? 'sell' : 'buy',
  size: actual.abs(),
  valueQuote: actual.abs().times(price),
});
