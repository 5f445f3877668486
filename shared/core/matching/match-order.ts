import { Decimal, type DecimalText, ZERO } from '../decimal.ts';
import { isOnGrid, isWholeLots, type PriceRule } from '../market/tick-rules.ts';
import type { Side, TimeInForce } from '../orders/order.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { Book, BookLevel } from './ladder.ts';

export interface OrderRequest {
  readonly side: Side;
  readonly size: Decimal;
  readonly limitPrice: Decimal;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
}

/** The venue's rules for one instrument. */
export interface TradingRules {
  readonly priceRule: PriceRule;
  readonly sizeStep: DecimalText;
  readonly minNotionalQuote: Decimal;
  /** Share of the reference price that a limit may be away from it, 0.8 for 80 %. */
  readonly maxDeviation: Decimal;
  /** A reduce-only order for the whole position may be smaller than the minimum. Not documented by the venue. */
  readonly fullCloseBelowMinimum: boolean;
}

export type OrderRefusalCode =
  | 'zero-size'
  | 'lot'
  | 'tick'
  | 'too-far'
  | 'minimum'
  | 'reduce-only'
  | 'would-match'
  | 'no-match';

/** One trade of ours against the book or against the crowd. */
export interface Execution {
  readonly price: Decimal;
  readonly size: Decimal;
  readonly maker: boolean;
}

export type MatchResult =
  | { readonly kind: 'refused'; readonly refusal: Refusal<OrderRefusalCode> }
  | {
      readonly kind: 'accepted';
      readonly executions: readonly Execution[];
      readonly filled: Decimal;
      /** Stays in the book (Alo, Gtc). */
      readonly resting: Decimal;
      /** Given up at once (Ioc remainder, reduce-only excess). */
      readonly dropped: Decimal;
    };

export const signedSize = (side: Side, size: Decimal): Decimal => (side === 'buy' ? size : size.neg());

/** Rules that need no book: grid, minimum value, distance from the reference price, reduce-only direction. */
export function checkOrder(
  order: OrderRequest,
  rules: TradingRules,
  position: Decimal,
  referencePrice: Decimal,
): Refusal<OrderRefusalCode> | null {
  const numbers = { size: order.size.toFixed(), limitPrice: order.limitPrice.toFixed(), position: position.toFixed() };
  if (order.size.isZero()) return refusal('zero-size', 'the order has no size', numbers);
  if (!order.size.gt(0) || !isWholeLots(order.size, rules.sizeStep)) {
    return refusal('lot', `the size is not a whole number of lots of ${rules.sizeStep}`, numbers);
  }
  if (!isOnGrid(order.limitPrice, rules.priceRule)) {
    return refusal('tick', 'the price is not on the grid of the instrument', numbers);
  }
  if (order.limitPrice.minus(referencePrice).abs().gt(referencePrice.times(rules.maxDeviation))) {
    return refusal('too-far', 'the limit is too far from the reference price', {
      ...numbers,
      referencePrice: referencePrice.toFixed(),
    });
  }
  const reduces = order.side === 'buy' ? position.lt(0) : position.gt(0);
  if (order.reduceOnly && !reduces) return refusal('reduce-only', 'the order would increase the position', numbers);
  const closesAll = order.reduceOnly && order.size.gte(position.abs());
  const exempt = rules.fullCloseBelowMinimum && closesAll;
  if (!exempt && order.size.times(order.limitPrice).lt(rules.minNotionalQuote)) {
    return refusal('minimum', 'the order is smaller than the minimum value', numbers);
  }
  return null;
}

const crosses = (side: Side, limit: Decimal, level: BookLevel): boolean =>
  side === 'buy' ? level.price.lte(limit) : level.price.gte(limit);

/** Walks the opposite side of the book from its best level to the limit; never takes more than `size`. */
export function sweep(
  side: Side,
  size: Decimal,
  limit: Decimal,
  levels: readonly BookLevel[],
): { readonly executions: readonly Execution[]; readonly filled: Decimal } {
  const executions: Execution[] = [];
  let filled = ZERO;
  for (const level of levels) {
    if (filled.gte(size) || !crosses(side, limit, level)) break;
    const taken = Decimal.min(level.size, size.minus(filled));
    if (taken.lte(0)) continue;
    executions.push({ price: level.price, size: taken, maker: false });
    filled = filled.plus(taken);
  }
  return { executions, filled };
}

/**
 * Matches a new order against the book. A reduce-only order is cut to the position that it may close, so its fills can
 * never flip the position; every other order fills at most its size.
 */
export function matchOrder(
  order: OrderRequest,
  rules: TradingRules,
  position: Decimal,
  referencePrice: Decimal,
  book: Book,
): MatchResult {
  const refused = checkOrder(order, rules, position, referencePrice);
  if (refused) return { kind: 'refused', refusal: refused };
  const levels = order.side === 'buy' ? book.asks : book.bids;
  const best = levels[0];
  const touches = best !== undefined && crosses(order.side, order.limitPrice, best);
  const numbers = { limitPrice: order.limitPrice.toFixed(), best: best ? best.price.toFixed() : null };
  if (order.timeInForce === 'Alo' && touches) {
    return { kind: 'refused', refusal: refusal('would-match', 'a post-only order would have matched', numbers) };
  }
  if (order.timeInForce === 'Ioc' && !touches) {
    return { kind: 'refused', refusal: refusal('no-match', 'nothing in the book to match with', numbers) };
  }
  const allowed = order.reduceOnly ? Decimal.min(order.size, position.abs()) : order.size;
  const { executions, filled } = sweep(order.side, allowed, order.limitPrice, levels);
  const left = allowed.minus(filled);
  const resting = order.timeInForce === 'Ioc' ? ZERO : left;
  return { kind: 'accepted', executions, filled, resting, dropped: order.size.minus(filled).minus(resting) };
}

/** A resting order of ours, and what the crowd just did. */
export interface CrowdTrade {
  readonly price: Decimal;
  readonly size: Decimal;
}

/**
 * What a trade of the crowd does to a resting order: a trade through the limit fills it whole at its own price (the
 * market went past it), a trade exactly at the limit fills at most the traded size, anything else leaves it alone.
 */
export function matchResting(side: Side, remaining: Decimal, limit: Decimal, trade: CrowdTrade): Execution | null {
  const through = side === 'buy' ? trade.price.lt(limit) : trade.price.gt(limit);
  if (through) return { price: limit, size: remaining, maker: true };
  if (!trade.price.eq(limit)) return null;
  const size = Decimal.min(remaining, trade.size);
  return size.gt(0) ? { price: limit, size, maker: true } : null;
}
