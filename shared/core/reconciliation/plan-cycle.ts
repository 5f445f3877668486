import { Decimal, dec, decimalText, ZERO } from '../decimal.ts';
import { clientOrderId } from '../orders/client-order-id.ts';
import type { OrderIntent } from '../orders/order.ts';
import { refusal } from '../refusal.ts';
import { checkLimits, type LimitFacts } from '../risk/limits.ts';
import { increaseShare, initialMargin } from '../risk/margin-caps.ts';
import { towardZero } from '../risk/sizing.ts';
import { type CycleContext, cycleContext } from './cycle-context.ts';
import { type CycleDecision, decisionId, toDecision, type Verdict } from './cycle-decision.ts';
import type { CycleInputs, ForeignPosition } from './cycle-inputs.ts';
import { reduces } from './gap.ts';
import { type Draft, planSymbol, refusalVerdict, toVerdict, type WantedTrade } from './plan-symbol.ts';

/**
 * Every decision of a cycle, by symbol, from facts alone: orders, refusals, in-sync, cancels. All increases share the free
 * margin alike; reductions need none. A symbol that is no longer managed and is surely flat is left out.
 */
export function planCycle(inputs: CycleInputs): readonly CycleDecision[] {
  const context = cycleContext(inputs);
  const drafts = inputs.symbols
    .filter((s) => inputs.only === null || inputs.only.has(s.instrument.symbol))
    .toSorted((a, b) => (a.instrument.symbol < b.instrument.symbol ? -1 : 1))
    .map((facts) => planSymbol(context, facts))
    .filter((draft) => !isGone(draft));
  const share = shareMargin(context, drafts);
  const decisions = finishAll(context, drafts, share);
  return [...decisions, ...reportForeign(inputs, drafts.length)];
}

const isGone = (draft: Draft): boolean =>
  !draft.facts.managed &&
  draft.outcome.kind === 'verdict' &&
  draft.outcome.verdict.kind === 'in-sync' &&
  (draft.actualSize === null || dec(draft.actualSize).isZero());

interface MarginShare {
  readonly share: Decimal;
  readonly freeQuote: Decimal;
  readonly neededQuote: Decimal;
}

function shareMargin(context: CycleContext, drafts: readonly Draft[]): MarginShare {
  const needs = drafts.map((draft) => marginNeed(draft)).filter((need) => need !== null);
  const freeQuote = (context.budgetQuote ?? ZERO).minus(context.marginUsedQuote);
  const neededQuote = needs.reduce((sum, need) => sum.plus(need), ZERO);
  return { share: increaseShare(freeQuote, needs), freeQuote, neededQuote };
}

/** Initial margin that an increase takes at the dearest price it may meet; null for everything else. */
function marginNeed(draft: Draft): Decimal | null {
  const { outcome, target } = draft;
  if (outcome.kind !== 'trade' || reduces(outcome.trade.effect) || target.dearest === null) return null;
  return initialMargin(outcome.trade.size, target.dearest, target.leverage);
}

function finishAll(context: CycleContext, drafts: readonly Draft[], margin: MarginShare): readonly CycleDecision[] {
  // The rate limit is the only rule left in which one symbol can take from another: the largest change goes first.
  const byWorth = drafts.map((draft, index) => ({ draft, index, worth: worthOf(draft) }));
  byWorth.sort((a, b) => b.worth - a.worth || a.index - b.index);
  const decisions: CycleDecision[] = new Array(drafts.length);
  let ordersLastMinute = context.inputs.activity.ordersLastMinute;
  for (const { draft, index } of byWorth) {
    const decision = finish(context, draft, index, margin, ordersLastMinute);
    if (decision.kind === 'order') ordersLastMinute += 1;
    decisions[index] = decision;
  }
  return decisions;
}

const worthOf = ({ outcome, target }: Draft): number =>
  outcome.kind === 'trade' && target.price !== null ? outcome.trade.size.times(target.price.price).toNumber() : 0;

function finish(
  context: CycleContext,
  draft: Draft,
  index: number,
  margin: MarginShare,
  ordersLastMinute: number,
): CycleDecision {
  const { outcome, facts } = draft;
  const at = { symbol: facts.instrument.symbol, epoch: facts.epoch, previous: facts.previous };
  const done = (verdict: Verdict) => toDecision(verdict, at, index, context.inputs);
  if (outcome.kind === 'verdict') return done(outcome.verdict);
  const trade = scaled(context, draft, outcome.trade, margin);
  if (trade === null) return done(refusalVerdict(context, draft, marginRefusal(margin)));
  const intent = intentOf(context, draft, trade, decisionId(context.inputs, index));
  const others = margin.neededQuote.minus(marginNeed(draft) ?? ZERO).times(margin.share);
  const verdict = checkLimits(
    intent,
    limitFacts(context, draft, others, ordersLastMinute),
    context.inputs.settings.limits,
  );
  if (verdict.kind === 'refused') return done(refusalVerdict(context, draft, verdict.refusal));
  return toDecision(orderVerdict(context, draft, trade, margin), at, index, context.inputs, intent);
}

/** The increase within its share of the margin, or null when what remains is too small to trade. */
function scaled(context: CycleContext, draft: Draft, trade: WantedTrade, margin: MarginShare): WantedTrade | null {
  if (reduces(trade.effect)) return trade;
  const { instrument } = draft.facts;
  const size = margin.share.eq(1) ? trade.size : towardZero(trade.size.times(margin.share), instrument.sizeDecimals);
  const worth = size.times(draft.target.price?.price ?? ZERO);
  const threshold = Decimal.max(context.minimumTradeQuote, instrument.minNotionalQuote);
  return size.isZero() || worth.lt(threshold) ? null : { ...trade, size };
}

const marginRefusal = (margin: MarginShare) =>
  refusal('margin-budget', 'the free margin, shared among all increases of this cycle, is too small for this one', {
    freeQuote: decimalText(margin.freeQuote.toSignificantDigits(12)),
    neededQuote: decimalText(margin.neededQuote.toSignificantDigits(12)),
    share: decimalText(margin.share),
  });

function intentOf(context: CycleContext, draft: Draft, trade: WantedTrade, id: string): OrderIntent {
  const { exchange, account, installationTag, nowMs, correlationId, settings } = context.inputs;
  const { instrument, epoch } = draft.facts;
  const reducing = reduces(trade.effect);
  return {
    clientOrderId: clientOrderId(installationTag, account, instrument.symbol, epoch, 0),
    exchange,
    account,
    symbol: instrument.symbol,
    epoch,
    leg: 0,
    decisionId: id,
    orderClass: reducing ? 'reduce' : 'open',
    side: trade.side,
    size: decimalText(trade.size),
    limitPrice: decimalText(trade.limitPrice),
    timeInForce: 'Ioc',
    reduceOnly: reducing,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + settings.orderTtlMs,
    correlationId,
  };
}

function limitFacts(
  context: CycleContext,
  draft: Draft,
  otherIncreasesQuote: Decimal,
  ordersLastMinute: number,
): LimitFacts {
  const { facts, target, actualSize } = draft;
  const { activity, nowMs } = context.inputs;
  return {
    nowMs,
    lastPrice: facts.price?.last ?? null,
    markPrice: facts.price?.mark ?? null,
    positionSize: actualSize,
    equityQuote: context.equityQuote === null ? null : decimalText(context.equityQuote),
    marginUsedQuote: decimalText(context.marginUsedQuote.plus(otherIncreasesQuote)),
    ordersLastMinute,
    realizedPnlTodayQuote: activity.realizedPnlTodayQuote,
    feesTodayQuote: activity.feesTodayQuote,
    instrument: facts.instrument,
    leverage: target.leverage,
  };
}

function orderVerdict(context: CycleContext, draft: Draft, trade: WantedTrade, margin: MarginShare): Verdict {
  const price = decimalText(trade.limitPrice);
  const size = decimalText(trade.size);
  const from = draft.actualSize ?? 'what is surely there';
  const to = draft.target.size === null ? 'unknown' : decimalText(draft.target.size);
  return toVerdict(context, draft, {
    kind: 'order',
    code: trade.effect,
    message: `${trade.side} ${size} at ${price} or better: ${trade.effect} from ${from} towards ${to}`,
    extra: {
      order: { side: trade.side, size, limitPrice: price, effect: trade.effect },
      margin: { share: decimalText(margin.share), freeQuote: decimalText(margin.freeQuote.toSignificantDigits(12)) },
    },
    alarm: trade.exhausted ? 'exit-not-filling' : null,
  });
}

/** Positions in symbols that nobody manages are reported and left alone (architecture, rule 3.1). */
function reportForeign(inputs: CycleInputs, offset: number): readonly CycleDecision[] {
  const report = (position: ForeignPosition, index: number): CycleDecision =>
    toDecision(
      {
        kind: 'refusal',
        code: 'unmanaged-position',
        message: 'a position in a symbol that is not managed: reported, not touched',
        desiredSize: null,
        actualSize: position.size,
        inputs: { source: position.source, size: position.size, venueTimeMs: position.venueTimeMs },
        cancels: [],
        wantsFreshSources: false,
        alarm: 'unmanaged-position',
      },
      { symbol: position.symbol, epoch: 0, previous: position.previous },
      offset + index,
      inputs,
    );
  if (inputs.only !== null) return [];
  return inputs.foreign.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)).map(report);
}
