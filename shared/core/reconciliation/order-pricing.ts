import { isFresh } from '../age.ts';
import { type Decimal, type DecimalText, dec, ZERO } from '../decimal.ts';
import { type PriceRule, roundPrice } from '../market/tick-rules.ts';
import type { Side } from '../orders/order.ts';
import type { EpochMs } from '../time.ts';

/** Prices of one symbol as stored; null when never seen. */
export interface SymbolPrice {
  readonly last: { readonly price: DecimalText; readonly venueTimeMs: EpochMs } | null;
  readonly mark: { readonly price: DecimalText; readonly timeMs: EpochMs } | null;
}

export interface ReferencePrice {
  readonly price: Decimal;
  readonly from: 'last' | 'mark';
  readonly ageMs: number;
  /** Within the age limit: only a fresh price may size or open a position. */
  readonly fresh: boolean;
}

/**
 * The price that sizes and bounds an order: the last trade while it is fresh, else the mark while it is fresh, else the one whose time
 * is nearer, marked stale: an exit may still rest on it, because its bound only limits what the venue may fill.
 */
export function referencePrice(price: SymbolPrice | null, nowMs: EpochMs, maxAgeMs: number): ReferencePrice | null {
  const last = candidate('last', price?.last?.price, price?.last?.venueTimeMs, nowMs, maxAgeMs);
  if (last?.fresh) return last;
  const mark = candidate('mark', price?.mark?.price, price?.mark?.timeMs, nowMs, maxAgeMs);
  if (last === null || mark === null) return last ?? mark;
  return mark.fresh || Math.abs(mark.ageMs) < Math.abs(last.ageMs) ? mark : last;
}

function candidate(
  from: ReferencePrice['from'],
  text: DecimalText | undefined,
  atMs: EpochMs | undefined,
  nowMs: EpochMs,
  maxAgeMs: number,
): ReferencePrice | null {
  if (text === undefined || atMs === undefined) return null;
  const price = dec(text);
  const ageMs = nowMs - atMs;
  return price.gt(0) ? { price, from, ageMs, fresh: isFresh(atMs, nowMs, maxAgeMs) } : null;
}

/** How far past the reference an order may trade, as a fraction. */
export interface SlippageBounds {
  readonly entry: DecimalText;
  /** For the first, second, … exit in a row that was not filled; the last one is the bound. At least one. */
  readonly exitSteps: readonly DecimalText[];
}

/** The exit's bound after `attempts` unfilled exits, and whether the last step has already failed once: time to alarm. */
export function exitBound(
  bounds: SlippageBounds,
  attempts: number,
): { readonly fraction: DecimalText; readonly exhausted: boolean } {
  const steps = bounds.exitSteps;
  const fraction = steps[Math.min(Math.max(0, attempts), steps.length - 1)];
  return { fraction: fraction ?? bounds.entry, exhausted: attempts >= steps.length };
}

/** More than one of anything costs in any quote: such a trade is a mistake of the feed. */
const PRICE_MAX = 1e15;

/**
 * Limit price of a marketable order: the reference ± the fraction, rounded to the tick towards the reference, so that rounding
 * never pays more. Null when a sell bound would be nothing, or the reference is more than anything costs.
 */
export function boundedPrice(
  reference: Decimal,
  side: Side,
  fraction: DecimalText,
  priceRule: PriceRule,
): DecimalText | null {
  const raw = reference.times(boundFactor(side, fraction));
  if (raw.lte(ZERO) || raw.gt(PRICE_MAX)) return null;
  try {
    return roundPrice(raw, priceRule, side === 'buy' ? 'down' : 'up');
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const boundFactor = (side: Side, fraction: DecimalText): Decimal =>
  side === 'buy' ? dec(1).plus(fraction) : dec(1).minus(fraction);
