import * as z from 'zod';
import { isFresh } from '../age.ts';
import { assertNever } from '../assert.ts';
import { type Decimal, type DecimalText, dec, decimalText } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { isWholeLots } from '../market/tick-rules.ts';
import type { ApprovedOrder, OrderIntent } from '../orders/order.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { EpochMs } from '../time.ts';

const fraction = z.number().positive().max(1);
const quote = z.number().positive().finite();
const seconds = z.number().positive().max(3600);

/** `limits.*` of the configuration: the last gate before the venue. Fractions of one: 0.05 is 5 %. Money in quote units. */
export const orderLimitsSchema = z.strictObject({
  /** Age of the newer of last trade and mark price, above which nothing is opened. */
  max_price_age_s: seconds.default(10),
  /** Oldest mark price an opening order may be compared with; at least twice the market-data cadence. */
  max_mark_age_s: seconds.default(180),
  /** Furthest distance of an opening order's limit price from the mark price. */
  max_deviation: fraction.default(0.05),
  max_order_notional: quote.default(5000),
  /** Largest position in one symbol that an opening order may lead to. */
  max_position_notional: quote.default(10_000),
  max_leverage: z.number().min(1).max(100).default(10),
  /** Opening orders are refused once this many orders of the account were sent within 60 s. */
  max_orders_per_minute: z.number().int().positive().default(60),
  /** Share of equity that may be bound as margin once the order is filled. */
  max_margin_usage: fraction.default(0.5),
  /** Realised loss, fees included, since 00:00 UTC. */
  max_daily_loss: quote.default(500),
  /** Fees since 00:00 UTC. */
  max_daily_fees: quote.default(100),
});
export type OrderLimits = z.infer<typeof orderLimitsSchema>;

/** What the limits look at. Null means unknown, which refuses an opening order and never stops a reduction. */
export interface LimitFacts {
  readonly nowMs: EpochMs;
  readonly lastPrice: { readonly price: DecimalText; readonly venueTimeMs: EpochMs } | null;
  readonly markPrice: { readonly price: DecimalText; readonly timeMs: EpochMs } | null;
  /** Signed base units. */
  readonly positionSize: DecimalText | null;
  readonly equityQuote: DecimalText | null;
  readonly marginUsedQuote: DecimalText;
  readonly ordersLastMinute: number;
  /** Signed: losses negative; without fees. Since 00:00 UTC. */
  readonly realizedPnlTodayQuote: DecimalText;
  readonly feesTodayQuote: DecimalText;
  readonly instrument: Instrument;
  /** Leverage that the position has, or will be given before the order. */
  readonly leverage: number;
}

export const LIMIT_CODES = [
  'size-invalid',
  'price-invalid',
  'not-reduce-only',
  'instrument-not-active',
  'price-missing',
  'price-stale',
  'mark-missing',
  'mark-stale',
  'price-deviation',
  'order-too-small',
  'order-too-large',
  'position-unknown',
  'position-too-large',
  'leverage-too-high',
  'order-rate',
  'equity-unknown',
  'margin',
  'daily-loss',
  'daily-fees',
] as const;
export type LimitCode = (typeof LIMIT_CODES)[number];

export type LimitVerdict =
  | { readonly kind: 'approved'; readonly order: ApprovedOrder }
  | { readonly kind: 'refused'; readonly refusal: Refusal<LimitCode> };

/**
 * The only maker of an {@link ApprovedOrder} (architecture, rules 3.7 and 3.9). The first rule that fails refuses, with its
 * numbers. A reduction is held only to what makes it a reduction: whole lots, a positive price and reduce-only, which the
 * venue caps at the position; its limit price bounds what a stale price could do.
 */
export function checkLimits(order: OrderIntent, facts: LimitFacts, limits: OrderLimits): LimitVerdict {
  const refused = checkShape(order, facts) ?? checkByClass(order, facts, limits);
  return refused ? { kind: 'refused', refusal: refused } : { kind: 'approved', order: order as ApprovedOrder };
}

type Verdict = Refusal<LimitCode> | null;

const ageWords = (ageMs: number): string => (ageMs < 0 ? `from ${-ageMs} ms in the future` : `${ageMs} ms old`);

function checkByClass(order: OrderIntent, facts: LimitFacts, limits: OrderLimits): Verdict {
  switch (order.orderClass) {
    case 'reduce':
    case 'protect':
      return order.reduceOnly
        ? null
        : refusal('not-reduce-only', `an order of class ${order.orderClass} must be reduce-only`, {
            orderClass: order.orderClass,
          });
    case 'open':
      return (
        checkPrices(order, facts, limits) ??
        checkNotional(order, facts, limits) ??
        checkRate(facts, limits) ??
        checkAccount(order, facts, limits)
      );
    case 'cancel':
      return refusal('size-invalid', 'a cancel is not an order', { orderClass: order.orderClass });
    default:
      return assertNever(order.orderClass, 'order class');
  }
}

function checkShape(order: OrderIntent, facts: LimitFacts): Verdict {
  const size = dec(order.size);
  const { sizeStep, minSize } = facts.instrument;
  // Of a reduction the venue may say itself that it is too small: nothing else would get it out.
  const tooSmall = order.orderClass === 'open' && size.lt(minSize);
  if (!size.gt(0) || !isWholeLots(size, sizeStep) || tooSmall) {
    return refusal('size-invalid', `size ${order.size} is not a positive number of whole lots of at least ${minSize}`, {
      size: order.size,
      sizeStep,
      minSize,
    });
  }
  if (!dec(order.limitPrice).gt(0)) {
    return refusal('price-invalid', `limit price ${order.limitPrice} is not positive`, {
      limitPrice: order.limitPrice,
    });
  }
  return null;
}

function checkPrices(order: OrderIntent, facts: LimitFacts, limits: OrderLimits): Verdict {
  const { lastPrice, markPrice, instrument, nowMs } = facts;
  if (instrument.status !== 'active') {
    return refusal('instrument-not-active', `${instrument.symbol} is ${instrument.status}`, {
      status: instrument.status,
    });
  }
  const timesMs = [lastPrice?.venueTimeMs, markPrice?.timeMs].filter((timeMs) => timeMs !== undefined);
  if (timesMs.length === 0) return refusal('price-missing', `no price of ${instrument.symbol} was ever seen`);
  if (!timesMs.some((timeMs) => isFresh(timeMs, nowMs, limits.max_price_age_s * 1000))) {
    const ageMs = nowMs - Math.max(...timesMs);
    return refusal('price-stale', `the newest price is ${ageWords(ageMs)}`, {
      ageMs,
      maxAgeMs: limits.max_price_age_s * 1000,
      lastPrice: lastPrice?.price ?? null,
      markPrice: markPrice?.price ?? null,
    });
  }
  if (!markPrice) return refusal('mark-missing', `no mark price of ${instrument.symbol} is known`);
  const markAgeMs = nowMs - markPrice.timeMs;
  if (!isFresh(markPrice.timeMs, nowMs, limits.max_mark_age_s * 1000)) {
    return refusal('mark-stale', `the mark price is ${ageWords(markAgeMs)}`, {
      ageMs: markAgeMs,
      maxAgeMs: limits.max_mark_age_s * 1000,
      markPrice: markPrice.price,
    });
  }
  const mark = dec(markPrice.price);
  if (!mark.gt(0)) return refusal('mark-missing', 'the mark price is not positive', { markPrice: markPrice.price });
  const deviation = dec(order.limitPrice).minus(mark).abs().div(mark);
  if (deviation.gt(limits.max_deviation)) {
    return refusal('price-deviation', `limit price ${order.limitPrice} is too far from mark ${markPrice.price}`, {
      limitPrice: order.limitPrice,
      markPrice: markPrice.price,
      deviationFraction: short(deviation),
      maxDeviationFraction: limits.max_deviation,
    });
  }
  return null;
}

function checkNotional(order: OrderIntent, facts: LimitFacts, limits: OrderLimits): Verdict {
  const size = dec(order.size);
  const price = worstPrice(order, facts);
  const smallest = size.times(cheapestPrice(order, facts));
  const minimum = dec(facts.instrument.minNotionalQuote);
  if (smallest.lt(minimum)) {
    return refusal('order-too-small', `order of ${short(smallest)} is below the minimum of ${decimalText(minimum)}`, {
      notionalQuote: short(smallest),
      minNotionalQuote: decimalText(minimum),
    });
  }
  const notional = size.times(price);
  if (notional.gt(limits.max_order_notional)) {
    return refusal('order-too-large', `order of ${short(notional)} is above ${limits.max_order_notional}`, {
      notionalQuote: short(notional),
      maxNotionalQuote: limits.max_order_notional,
    });
  }
  if (facts.positionSize === null) {
    return refusal('position-unknown', `the position in ${order.symbol} is unknown`);
  }
  const after = dec(facts.positionSize).plus(order.side === 'buy' ? size : size.neg());
  const afterNotional = after.abs().times(price);
  if (afterNotional.gt(limits.max_position_notional)) {
    return refusal(
      'position-too-large',
      `a position of ${short(afterNotional)} is above ${limits.max_position_notional}`,
      {
        positionSize: facts.positionSize,
        orderSize: order.size,
        positionNotionalQuote: short(afterNotional),
        maxPositionNotionalQuote: limits.max_position_notional,
      },
    );
  }
  return null;
}

function checkRate(facts: LimitFacts, limits: OrderLimits): Verdict {
  if (facts.ordersLastMinute < limits.max_orders_per_minute) return null;
  return refusal('order-rate', `${facts.ordersLastMinute} orders were sent within the last minute`, {
    ordersLastMinute: facts.ordersLastMinute,
    maxOrdersPerMinute: limits.max_orders_per_minute,
  });
}

function checkAccount(order: OrderIntent, facts: LimitFacts, limits: OrderLimits): Verdict {
  const { leverage, instrument } = facts;
  const maxLeverage = Math.min(limits.max_leverage, instrument.maxLeverage);
  if (!(leverage >= 1) || leverage > maxLeverage) {
    return refusal('leverage-too-high', `leverage ${leverage} is outside 1 to ${maxLeverage}`, {
      leverage,
      maxLeverage,
    });
  }
  if (facts.equityQuote === null || !dec(facts.equityQuote).gt(0)) {
    return refusal('equity-unknown', 'the equity of the account is unknown or not positive', {
      equityQuote: facts.equityQuote,
    });
  }
  const equity = dec(facts.equityQuote);
  const bound = dec(facts.marginUsedQuote).plus(dec(order.size).times(worstPrice(order, facts)).div(leverage));
  const maxMargin = equity.times(limits.max_margin_usage);
  if (bound.gt(maxMargin)) {
    return refusal('margin', `margin of ${short(bound)} would pass ${short(maxMargin)}`, {
      marginUsedQuote: facts.marginUsedQuote,
      marginAfterQuote: short(bound),
      maxMarginQuote: short(maxMargin),
      equityQuote: facts.equityQuote,
    });
  }
  const loss = dec(facts.feesTodayQuote).minus(facts.realizedPnlTodayQuote);
  if (loss.gt(limits.max_daily_loss)) {
    return refusal('daily-loss', `a loss of ${short(loss)} today is above ${limits.max_daily_loss}`, {
      lossTodayQuote: short(loss),
      maxLossQuote: limits.max_daily_loss,
    });
  }
  if (dec(facts.feesTodayQuote).gt(limits.max_daily_fees)) {
    return refusal('daily-fees', `fees of ${facts.feesTodayQuote} today are above ${limits.max_daily_fees}`, {
      feesTodayQuote: facts.feesTodayQuote,
      maxFeesQuote: limits.max_daily_fees,
    });
  }
  return null;
}

/** Limits on size are judged at the dearest price in sight, the minimum at the cheapest. */
const pricesInSight = (order: OrderIntent, facts: LimitFacts): Decimal[] =>
  [order.limitPrice, facts.markPrice?.price, facts.lastPrice?.price].filter((p) => p !== undefined).map((p) => dec(p));
const maxOf = (a: Decimal, b: Decimal): Decimal => (a.gte(b) ? a : b);
const worstPrice = (order: OrderIntent, facts: LimitFacts): Decimal => pricesInSight(order, facts).reduce(maxOf);
const cheapestPrice = (order: OrderIntent, facts: LimitFacts): Decimal =>
  pricesInSight(order, facts).reduce((a, b) => (a.lte(b) ? a : b));

/** Numbers in a refusal are for reading: at most 8 significant digits. */
const short = (value: Decimal): string => decimalText(value.toSignificantDigits(8));
