import { type DecimalText, dec, decimalText } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { isOnTick, isWholeLots } from '../market/tick-rules.ts';
import {
  boundedPrice,
  exitBound,
  referencePrice,
  type SlippageBounds,
  type SymbolPrice,
} from '../reconciliation/order-pricing.ts';
import {
  judgeQuorum,
  type QuorumRules,
  reduceView,
  type SourceReading,
  type SourceVerdict,
} from '../reconciliation/quorum.ts';
import { type Refusal, refusal } from '../refusal.ts';
import { marketHours, type TradingCalendar } from '../risk/market-hours.ts';
import type { EpochMs } from '../time.ts';
import { type BookedPosition, unexplainedPosition } from './booked-position.ts';
import type { Order, OrderIntent, Side } from './order.ts';
import type { HandRefusal } from './refusal-codes.ts';

/** A human's order, checked in form. */
export interface ManualOrder {
  readonly symbol: string;
  readonly side: Side;
  /** Base units, positive. */
  readonly size: DecimalText;
  readonly type: 'market' | 'limit';
  /** Required for `limit`; ignored for `market`. */
  readonly price: DecimalText | null;
}

export interface ManualOrderFacts {
  readonly instrument: Instrument;
  readonly managed: boolean;
  readonly price: SymbolPrice | null;
  readonly readings: readonly SourceReading[];
  readonly rules: QuorumRules;
  readonly holdReason: string | null;
  readonly exitAttempts: number;
  /** Where our stored fills lead, and whether the order tracker is watching a position that they do not lead to. */
  readonly booked: BookedPosition | null;
  readonly mismatchPending: boolean;
  /** Orders of the symbol that have not ended. */
  readonly working: readonly Pick<Order, 'clientOrderId' | 'status'>[];
  readonly slippage: SlippageBounds;
  readonly priceMaxAgeMs: number;
  readonly calendar: TradingCalendar;
  readonly nowMs: EpochMs;
}

/** What the plan rests on, as a decision of the cycle records it: `3t why` answers from rows alone. */
export interface ManualEvidence {
  readonly sources: readonly SourceVerdict[];
  readonly quorum: { readonly quorum: number; readonly maxAgeMs: number; readonly settledAtMs: EpochMs };
  readonly price: {
    readonly price: DecimalText;
    readonly from: string;
    readonly ageMs: number;
    readonly fresh: boolean;
  } | null;
}

export type ManualPlan =
  | {
      readonly kind: 'planned';
      readonly order: Pick<OrderIntent, 'orderClass' | 'side' | 'size' | 'limitPrice' | 'timeInForce' | 'reduceOnly'>;
      readonly actualSize: DecimalText;
      /** What the position will be once it is filled. */
      readonly desiredSize: DecimalText;
      readonly evidence: ManualEvidence;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal<HandRefusal> };

const refused = (code: HandRefusal, message: string, numbers: Refusal['numbers'] = {}): ManualPlan => ({
  kind: 'refused',
  refusal: refusal(code, message, numbers),
});

/**
 * A human's order under the rules of every order (architecture, §3): one at a time per symbol, a reduction on one fresh source,
 * an increase on a quorum, no order through zero. Limits and system state are the gateway's to check.
 */
export function planManualOrder(order: ManualOrder, facts: ManualOrderFacts): ManualPlan {
  const { instrument, working } = facts;
  const size = dec(order.size);
  if (!isWholeLots(size, instrument.sizeStep)) {
    return refused('off-lot', `size ${order.size} is not a whole number of lots`, {
      sizeStep: instrument.sizeStep,
    });
  }
  const [busy] = working;
  if (busy) {
    const { clientOrderId, status } = busy;
    return refused('order-in-flight', `another order for ${order.symbol} has not ended`, { clientOrderId, status });
  }
  const quorum = judgeQuorum(facts.readings, facts.rules);
  const reducible = reduceView(quorum.verdicts);
  const held = reducible.kind === 'known' ? dec(reducible.size) : dec(0);
  const isAgainst = order.side === 'sell' ? held.gt(0) : held.lt(0);
  if (isAgainst) {
    if (size.gt(held.abs())) {
      return refused('would-flip', 'one order never crosses zero: close first, then open', {
        size: order.size,
        positionSize: decimalText(held),
      });
    }
    return priced(order, facts, 'reduce', decimalText(held), quorum.verdicts);
  }
  if (quorum.kind === 'refused') return { kind: 'refused', refusal: quorum.refusal };
  if (!facts.managed) return refused('not-managed', `${order.symbol} is not managed: nothing is opened there`);
  if (facts.holdReason !== null) {
    return refused('on-hold', `${order.symbol} is on HOLD: ${facts.holdReason}`, { holdReason: facts.holdReason });
  }
  const unexplained = unexplainedPosition(facts.booked, facts.mismatchPending, quorum);
  if (unexplained !== null) return { kind: 'refused', refusal: unexplained };
  const hours = marketHours(facts.calendar, facts.nowMs);
  if (!hours.open) return refused('market-closed', `the calendar is closed: ${hours.reason}`, { at: hours.localTime });
  return priced(order, facts, 'open', quorum.size, quorum.verdicts);
}

function priced(
  order: ManualOrder,
  facts: ManualOrderFacts,
  orderClass: 'open' | 'reduce',
  actualSize: DecimalText,
  sources: readonly SourceVerdict[],
): ManualPlan {
  const limitPrice = limitPriceOf(order, facts, orderClass);
  if (typeof limitPrice !== 'string') return { kind: 'refused', refusal: limitPrice };
  return {
    kind: 'planned',
    order: {
      orderClass,
      side: order.side,
      size: decimalText(order.size),
      limitPrice,
      timeInForce: order.type === 'market' ? 'Ioc' : 'Gtc',
      reduceOnly: orderClass === 'reduce',
    },
    actualSize,
    desiredSize: decimalText(dec(actualSize).plus(order.side === 'buy' ? order.size : dec(order.size).neg())),
    evidence: evidenceOf(facts, sources),
  };
}

function evidenceOf(facts: ManualOrderFacts, sources: readonly SourceVerdict[]): ManualEvidence {
  const { quorum, maxAgeMs, settledAtMs } = facts.rules;
  const price = referencePrice(facts.price, facts.nowMs, facts.priceMaxAgeMs);
  return {
    sources,
    quorum: { quorum, maxAgeMs, settledAtMs },
    price: price && { ...price, price: decimalText(price.price) },
  };
}

function limitPriceOf(
  order: ManualOrder,
  facts: ManualOrderFacts,
  orderClass: 'open' | 'reduce',
): DecimalText | Refusal<HandRefusal> {
  const { priceRule } = facts.instrument;
  if (order.type === 'limit') {
    if (order.price !== null && isOnTick(order.price, priceRule)) return order.price;
    return refusal('off-tick', `price ${order.price} is not on the venue's grid`, { price: order.price });
  }
  const reference = referencePrice(facts.price, facts.nowMs, facts.priceMaxAgeMs);
  if (reference === null || (!reference.fresh && orderClass === 'open')) {
    return refusal('price-stale', `there is no fresh price of ${order.symbol}`, { ageMs: reference?.ageMs ?? null });
  }
  const { slippage, exitAttempts } = facts;
  const fraction = orderClass === 'open' ? slippage.entry : exitBound(slippage, exitAttempts).fraction;
  const bound = boundedPrice(reference.price, order.side, fraction, priceRule);
  return bound === null
    ? refusal('price-invalid', 'no price within the slippage bound is on the grid', { slippage: fraction })
    : decimalText(bound);
}
