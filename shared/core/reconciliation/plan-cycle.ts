import { assert } from '../assert.ts';
import { Decimal, dec, decimalText, ZERO } from '../decimal.ts';
import { towardZero } from '../market/tick-rules.ts';
import { clientOrderId } from '../orders/client-order-id.ts';
import type { OrderIntent } from '../orders/order.ts';
import { refusal } from '../refusal.ts';
import { checkLimits, type LimitFacts } from '../risk/limits.ts';
import { increaseShare, initialMargin } from '../risk/margin-caps.ts';
import { type CycleContext, cycleContext } from './cycle-context.ts';
import { type CycleDecision, decisionId, toDecision, type Verdict } from './cycle-decision.ts';
import type { CycleInputs, ForeignPosition } from './cycle-inputs.ts';
import { LEFT_ALONE } from './decision-codes.ts';
import { reduces } from './gap.ts';
import { type Draft, planSymbol, refusalVerdict, toVerdict, type WantedTrade } from './plan-symbol.ts';
import { type RuleChain, ruleVerdicts } from './rule-verdicts.ts';

/**
 * Every decision of a cycle, by symbol, from facts alone: orders, refusals, in-sync, cancels. All increases share the free
 * margin alike; reductions need none. A symbol that is no longer managed is `left-alone` once it is surely flat.
 */
export function planCycle(inputs: CycleInputs): readonly CycleDecision[] {
  const context = cycleContext(inputs);
  const drafts = inputs.symbols
    .filter((s) => inputs.only === null || inputs.only.has(s.instrument.symbol))
    .toSorted((a, b) => (a.instrument.symbol < b.instrument.symbol ? -1 : 1))
    .map((facts) => planSymbol(context, facts))
    .filter((draft) => !isGone(draft) || draft.actualSize !== null)
    .map((draft) => (isGone(draft) ? leftAlone(draft) : draft));
  const share = shareMargin(context, drafts);
  const decisions = finishAll(context, drafts, share);
  return [...decisions, ...reportForeign(inputs, drafts.length)];
}

const isGone = (draft: Draft): boolean =>
  !draft.facts.managed &&
  draft.outcome.kind === 'verdict' &&
  draft.outcome.verdict.kind === 'in-sync' &&
  (draft.actualSize === null || dec(draft.actualSize).isZero());

const leftAlone = (draft: Draft): Draft =>
  draft.outcome.kind === 'trade'
    ? draft
    : {
        ...draft,
        outcome: {
          kind: 'verdict',
          verdict: {
            ...draft.outcome.verdict,
            code: LEFT_ALONE,
            message: 'not managed any more, and flat: what happens here from now on is not touched',
          },
        },
      };

/** The free margin and how it is shared; `needs` by draft, null for everything that is no increase. */
interface MarginShare {
  readonly share: Decimal;
  readonly isWhole: boolean;
  readonly neededQuote: Decimal;
  readonly needs: readonly (Decimal | null)[];
  readonly record: { readonly share: string; readonly freeQuote: string; readonly neededQuote: string };
}

function shareMargin(context: CycleContext, drafts: readonly Draft[]): MarginShare {
  const needs = drafts.map((draft) => marginNeed(draft));
  const increases = needs.filter((need) => need !== null);
  const freeQuote = (context.budgetQuote ?? ZERO).minus(context.marginUsedQuote);
  const neededQuote = increases.reduce((sum, need) => sum.plus(need), ZERO);
  const share = increaseShare(freeQuote, increases);
  const short = (value: Decimal) => decimalText(value.toSignificantDigits(12));
  const record = { share: decimalText(share), freeQuote: short(freeQuote), neededQuote: short(neededQuote) };
  return { share, isWhole: share.eq(1), neededQuote, needs, record };
}

/** Initial margin that an increase takes at the dearest price it may meet; null for everything else. */
function marginNeed(draft: Draft): Decimal | null {
  const { outcome, target } = draft;
  if (outcome.kind !== 'trade' || reduces(outcome.trade.effect) || target.dearest === null) return null;
  return initialMargin(outcome.trade.size, target.dearest, target.leverage);
}

function finishAll(context: CycleContext, drafts: readonly Draft[], margin: MarginShare): readonly CycleDecision[] {
  const { activity, settings } = context.inputs;
  const trades = drafts.filter((draft) => draft.outcome.kind === 'trade').length;
  const turns = drafts.map((draft, index) => ({ draft, index }));
  // The rate limit is the only rule left in which one symbol can take from another: where it may bind, the largest change goes first.
  if (activity.ordersLastMinute + trades > settings.limits.max_orders_per_minute) {
    turns.sort((a, b) => worthOf(b.draft) - worthOf(a.draft) || a.index - b.index);
  }
  const decisions: CycleDecision[] = new Array(drafts.length);
  let ordersLastMinute = activity.ordersLastMinute;
  for (const { draft, index } of turns) {
    const decision = finish(context, draft, index, margin, ordersLastMinute);
    if (decision.kind === 'order') ordersLastMinute += 1;
    decisions[index] = decision;
  }
  return decisions;
}

const worthOf = ({ outcome, target }: Draft): number =>
  outcome.kind === 'trade' && target.price !== null ? outcome.trade.size.toNumber() * target.price.price.toNumber() : 0;

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
  if (trade === null) return done(refusalVerdict(context, draft, marginRefusal(margin), 'increase'));
  const intent = intentOf(context, draft, trade, decisionId(context.inputs, index));
  const asked = margin.neededQuote.minus(margin.needs[index] ?? ZERO);
  const others = margin.isWhole ? asked : asked.times(margin.share);
  const { limits } = context.inputs.settings;
  const verdict = checkLimits(intent, limitFacts(context, draft, others, ordersLastMinute), limits);
  if (verdict.kind === 'refused') return done(refusalVerdict(context, draft, verdict.refusal, chainOf(trade)));
  return toDecision(orderVerdict(context, draft, intent, trade, margin), at, index, context.inputs, intent);
}

/** The increase within its share of the margin, or null when what remains is too small to trade. */
function scaled(context: CycleContext, draft: Draft, trade: WantedTrade, margin: MarginShare): WantedTrade | null {
  if (margin.isWhole || reduces(trade.effect)) return trade;
  const { instrument } = draft.facts;
  const size = towardZero(trade.size.times(margin.share), instrument.sizeStep);
  const worth = size.times(draft.target.price?.price ?? ZERO);
  const threshold = Decimal.max(context.minimumTradeQuote, instrument.minNotionalQuote);
  return size.isZero() || worth.lt(threshold) ? null : { ...trade, size };
}

const marginRefusal = ({ record }: MarginShare) =>
  refusal(
    'margin-budget',
    'the free margin, shared among all increases of this cycle, is too small for this one',
    record,
  );

function intentOf(context: CycleContext, draft: Draft, trade: WantedTrade, id: string): OrderIntent {
  const { exchange, account, installationTag, nowMs, correlationId, settings } = context.inputs;
  const { instrument, epoch } = draft.facts;
  const reducing = reduces(trade.effect);
  assert(trade.size.gt(0), 'an order has a size');
  const identity = { exchange, account, symbol: instrument.symbol, epoch, leg: 0 };
  return {
    clientOrderId: clientOrderId(installationTag, identity),
    ...identity,
    decisionId: id,
    orderClass: reducing ? 'reduce' : 'open',
    side: trade.side,
    size: decimalText(trade.size),
    limitPrice: trade.limitPrice,
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
    equityQuote: context.moneyRecord.equityQuote,
    marginUsedQuote: decimalText(context.marginUsedQuote.plus(otherIncreasesQuote)),
    ordersLastMinute,
    realizedPnlTodayQuote: activity.realizedPnlTodayQuote,
    feesTodayQuote: activity.feesTodayQuote,
    instrument: facts.instrument,
    leverage: target.leverage,
  };
}

function orderVerdict(
  context: CycleContext,
  draft: Draft,
  { side, size, limitPrice }: OrderIntent,
  trade: WantedTrade,
  margin: MarginShare,
): Verdict {
  const { effect, exhausted } = trade;
  const from = draft.actualSize ?? 'what is surely there';
  const to = draft.target.size === null ? 'unknown' : decimalText(draft.target.size);
  return toVerdict(context, draft, {
    kind: 'order',
    code: effect,
    message: `${side} ${size} at ${limitPrice} or better: ${effect} from ${from} towards ${to}`,
    extra: {
      order: { side, size, limitPrice, effect },
      margin: margin.record,
      rules: ruleVerdicts(chainOf(trade), null),
    },
    alarm: exhausted ? 'exit-not-filling' : null,
  });
}

const chainOf = ({ effect }: WantedTrade): RuleChain => (reduces(effect) ? 'reduce' : 'increase');

/** Positions in symbols that nobody manages are reported and left alone (architecture, rule 3.1). */
function reportForeign(inputs: CycleInputs, offset: number): readonly CycleDecision[] {
  const report = (position: ForeignPosition, index: number): CycleDecision => {
    const decision = toDecision(
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
    // Told once: the operator knows of it, and may have released it.
    return decision.repeats ? { ...decision, alarm: null } : decision;
  };
  if (inputs.only !== null) return [];
  return inputs.foreign.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)).map(report);
}
