import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import { towardZero } from '../market/tick-rules.ts';
import { surelyHeld, unexplainedPosition } from '../orders/booked-position.ts';
import { isEnded, type Side } from '../orders/order.ts';
import { backOffLeftMs, REFUSALS_BEFORE_HOLD } from '../orders/refusals.ts';
import { runsRecord } from '../portfolio/desired-position.ts';
import { NOT_OURS, takeoverChoices } from '../portfolio/takeover.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { CycleContext } from './cycle-context.ts';
import type { AlarmKind, DecisionRecord, Verdict } from './cycle-decision.ts';
import type { CycleOrder, SymbolFacts } from './cycle-inputs.ts';
import type { PlanRefusal } from './decision-codes.ts';
import { decideGap, type Gap, type GapEffect, type InSyncCode, reduces } from './gap.ts';
import { boundedPrice, exitBound } from './order-pricing.ts';
import { judgeQuorum, type QuorumResult, reduceView } from './quorum.ts';
import { type RuleChain, ruleVerdicts } from './rule-verdicts.ts';
import { type TargetPosition, targetPosition } from './target-position.ts';

/** A trade that is wanted and allowed so far. Increases still have to share the account's margin. */
export interface WantedTrade {
  readonly effect: GapEffect;
  readonly side: Side;
  /** Unsigned base units, whole lots. */
  readonly size: Decimal;
  readonly limitPrice: DecimalText;
  /** Unfilled exits have used up every step of the bound, or were refused too often. */
  readonly exhausted: boolean;
}

/** One symbol before the account's margin is shared. */
export interface Draft {
  readonly facts: SymbolFacts;
  readonly target: TargetPosition;
  readonly quorum: QuorumResult;
  readonly actualSize: DecimalText | null;
  readonly outcome:
    | { readonly kind: 'verdict'; readonly verdict: Verdict }
    | { readonly kind: 'trade'; readonly trade: WantedTrade };
}

type Outcome = Draft['outcome'];
type TradeGap = Extract<Gap, { kind: 'trade' }>;

/** Target, actual position and the gap between them, through every rule that needs no other symbol. */
export function planSymbol(context: CycleContext, facts: SymbolFacts): Draft {
  const { settings, nowMs } = context.inputs;
  const target = targetPosition(context, facts);
  const quorum = judgeQuorum(facts.sources, {
    quorum: settings.quorum,
    maxAgeMs: settings.sourceAgeMsMax,
    futureToleranceMs: settings.futureToleranceMs,
    settledAtMs: seenAfterMs(facts),
    lot: target.lot.text,
    nowMs,
  });
  const actualSize = quorum.kind === 'agreed' ? quorum.size : null;
  const draft = { facts, target, quorum, actualSize };
  return { ...draft, outcome: decide(context, draft) };
}

type Undecided = Omit<Draft, 'outcome'>;

function decide(context: CycleContext, draft: Undecided): Outcome {
  const { facts, target, quorum } = draft;
  const working = facts.orders.filter((o) => !isEnded(o.status) && o.orderClass !== 'protect');
  if (working.length > 0) return inFlight(context, draft, working);
  const kept = notOurs(context, draft);
  if (kept !== null) return kept;
  const { position } = target.wanted;
  if (target.size === null) {
    const reason = position.kind === 'unknown' ? position.reason : 'strategy-stale';
    const detail = position.kind === 'unknown' ? position.detail : {};
    return refuse(context, draft, refusal(reason, `the desired position is unknown: ${reason}`, detail));
  }
  const gap = quorum.kind === 'agreed' ? gapTo(context, draft, dec(quorum.size)) : null;
  if (gap?.kind === 'in-sync') return inSync(context, draft, gap);
  if (gap !== null && !reduces(gap.effect)) return increase(context, draft, gap);
  // A reduction rests on what is surely there (rule 3.7), so it needs no quorum.
  const view = reduceView(quorum.verdicts);
  // A whole exit cannot cut too much: nothing may hold it back.
  const isPart = quorum.kind === 'refused' && !target.size.isZero();
  const told = view.kind === 'known' ? dec(view.size) : null;
  const held = told !== null && isPart ? surelyHeld(told, facts.booked ?? null) : told;
  const sure = held === null ? null : gapTo(context, draft, held);
  if (sure?.kind === 'trade' && reduces(sure.effect)) return reduce(context, draft, sure);
  if (quorum.kind === 'refused') return refuse(context, draft, quorum.refusal);
  return inSync(context, draft, sure?.kind === 'in-sync' ? sure : { code: 'aligned' });
}

/** A source must have read the account after this: after the last end of ours, and after the symbol was added. */
const seenAfterMs = ({ takeover, managedSinceMs, settledAtMs }: SymbolFacts): number =>
  takeover === null ? settledAtMs : Math.max(settledAtMs, managedSinceMs ?? 0);

/** A position that was not 3T's when the symbol was added is not traded before a human says what it is. Null: nothing of that. */
function notOurs(context: CycleContext, draft: Undecided): Outcome | null {
  const { facts, quorum } = draft;
  const { symbol } = facts.instrument;
  if (facts.holdReason !== NOT_OURS && facts.takeover !== 'unchecked') return null;
  if (facts.holdReason !== NOT_OURS && quorum.kind === 'refused') {
    const { code, message, numbers } = quorum.refusal;
    if (code === 'dissent') return refuse(context, draft, quorum.refusal);
    const why = `nobody knows yet whether somebody's position was there when the symbol was added: ${message}`;
    return refuse(context, draft, refusal('position-unchecked', why, { quorum: code, ...numbers }));
  }
  if (facts.holdReason !== NOT_OURS && draft.actualSize !== null && isFlat(draft.actualSize)) return null;
  const size = draft.actualSize ?? 'unknown';
  const what = `the position (${size}) was there before the symbol was added and is not traded; choose ${takeoverChoices(symbol)}`;
  return refuse(context, draft, refusal('on-hold', what, { holdReason: NOT_OURS, size: draft.actualSize }));
}

function gapTo(context: CycleContext, draft: Undecided, actual: Decimal): Gap {
  const { target, facts } = draft;
  return decideGap({
    desired: target.size ?? actual,
    actual,
    // Without any price nothing is worth anything: only a full exit is then a trade, and it is refused for want of a bound.
    price: target.price?.price ?? ZERO,
    lot: target.lot.size,
    allowed: target.allowed,
    minimumTradeQuote: context.minimumTradeQuote,
    venueMinimumQuote: target.price === null ? ZERO : dec(facts.instrument.minNotionalQuote),
  });
}

function increase(context: CycleContext, draft: Undecided, gap: TradeGap): Outcome {
  const { facts, target } = draft;
  const { settings } = context.inputs;
  const { instrument } = facts;
  const no = (code: PlanRefusal, message: string, numbers: Refusal['numbers'] = {}) =>
    refuse(context, draft, refusal(code, message, numbers), 'increase');
  if (!context.mayOpen.allowed) return refuse(context, draft, context.mayOpen.refusal, 'increase');
  if (facts.holdReason !== null) {
    return no('on-hold', `the symbol is on hold (${facts.holdReason}) until adopt or release`);
  }
  const unexplained =
    draft.quorum.kind === 'agreed'
      ? unexplainedPosition(facts.booked ?? null, facts.mismatchPending ?? false, draft.quorum)
      : null;
  if (unexplained !== null) return refuse(context, draft, unexplained, 'increase');
  const waiting = backingOff(context, facts, 'entry');
  if (waiting !== null) return refuse(context, draft, waiting, 'increase');
  if (instrument.status !== 'active') return no('instrument-not-active', `the venue lists it as ${instrument.status}`);
  if (!context.hours.open) {
    return no('market-closed', `exposure does not grow now: ${context.hours.reason}`, {
      localTime: context.hours.localTime,
      calendar: settings.calendar,
    });
  }
  if (context.budgetQuote === null) return no('account-unknown', 'equity and margin are unknown or too old');
  if (target.price === null || target.dearest === null) return no('no-price', 'no price was ever seen');
  const limitPrice = boundedPrice(target.price.price, gap.side, settings.slippage.entry, instrument.priceRule);
  if (limitPrice === null) return no('no-price', 'the price has no tick below it');
  const fits = gap.size.times(target.dearest).lte(context.maxOrderQuote);
  const size = towardZero(fits ? gap.size : context.maxOrderQuote.div(target.dearest), instrument.sizeStep);
  if (!fits && size.times(target.price.price).lt(instrument.minNotionalQuote)) {
    const numbers = {
      maxOrderNotionalQuote: text(context.maxOrderQuote),
      lot: target.lot.text,
      lotQuote: short(target.lot.size.times(target.dearest)),
      dearestPrice: short(target.dearest),
      minNotionalQuote: instrument.minNotionalQuote,
    };
    const message = `max_order_notional allows ${text(size)} of it: one lot of ${numbers.lot} is worth ${numbers.lotQuote} at ${numbers.dearestPrice}, the limit is ${numbers.maxOrderNotionalQuote}, the venue's smallest order ${numbers.minNotionalQuote}`;
    return no('max-order-notional', message, numbers);
  }
  return { kind: 'trade', trade: { effect: gap.effect, side: gap.side, size, limitPrice, exhausted: false } };
}

function reduce(context: CycleContext, draft: Undecided, gap: TradeGap): Outcome {
  const { facts, target } = draft;
  const { settings } = context.inputs;
  const { instrument, exitAttempts, refusals } = facts;
  if (!context.mayReduce.allowed) return refuse(context, draft, context.mayReduce.refusal, 'reduce');
  const { fraction, exhausted: isWidest } = exitBound(settings.slippage, exitAttempts);
  const exhausted = isWidest || refusals.count >= REFUSALS_BEFORE_HOLD;
  const limitPrice =
    target.price === null ? null : boundedPrice(target.price.price, gap.side, fraction, instrument.priceRule);
  if (target.price === null || limitPrice === null) {
    return refuse(context, draft, refusal('no-price', 'an exit cannot be bounded: no price was ever seen'), 'reduce');
  }
  const size = towardZero(gap.size, instrument.sizeStep);
  if (size.isZero()) return inSync(context, draft, { code: 'aligned' });
  const worth = size.times(Decimal.min(target.price.price, limitPrice));
  const tooSmall = worth.lt(instrument.minNotionalQuote);
  // Whether a full close may be smaller than the minimum is the venue's secret: ask it once, then report instead of repeating.
  const asked = Math.max(exitAttempts, refusals.code === 'min-notional' ? refusals.count : 0);
  if (tooSmall && (gap.effect === 'reduce' || asked >= settings.dustExitAttemptsMax)) {
    const code = gap.effect === 'reduce' ? 'below-venue-minimum' : 'dust';
    const numbers = { valueQuote: short(worth), minNotionalQuote: instrument.minNotionalQuote, exitAttempts: asked };
    const message = 'what is left is smaller than the smallest order of the venue';
    return refuse(context, draft, refusal(code, message, numbers), 'reduce');
  }
  const waiting = backingOff(context, facts, 'exit');
  if (waiting !== null) return refuse(context, draft, waiting, 'reduce');
  return { kind: 'trade', trade: { effect: gap.effect, side: gap.side, size, limitPrice, exhausted } };
}

/** An order that was refused is not repeated at once: the venue has no other answer yet. */
function backingOff(
  { inputs }: CycleContext,
  { refusals }: SymbolFacts,
  effect: 'exit' | 'entry',
): Refusal<PlanRefusal> | null {
  const leftMs = backOffLeftMs(effect, refusals, inputs.nowMs);
  if (leftMs === 0) return null;
  return refusal('backing-off', `the last order was refused (${refusals.code}): the next one waits`, {
    refusedFor: refusals.code,
    refusals: refusals.count,
    untilMs: inputs.nowMs + leftMs,
  });
}

/** One order per epoch: wait for the one that works, or ask for the cancel of a resting one that the target contradicts. */
function inFlight(context: CycleContext, draft: Undecided, working: readonly CycleOrder[]): Outcome {
  const { target, actualSize } = draft;
  const against = working.filter((order) => isResting(order) && contradicts(order, target, actualSize));
  const first = working[0];
  const numbers = {
    orders: working.length,
    clientOrderId: first?.clientOrderId ?? null,
    status: first?.status ?? null,
    orderClass: first?.orderClass ?? null,
  };
  if (against.length === 0) {
    return refuse(context, draft, refusal('order-in-flight', 'an order of this epoch has not ended yet', numbers));
  }
  const verdict = toVerdict(context, draft, {
    kind: 'cancel',
    code: 'contradicted',
    message: `cancel ${against.length} resting order(s) that the target of ${text(target.size)} contradicts`,
    extra: { contradicted: against.map((o) => o.clientOrderId) },
    cancels: against.map((o) => o.clientOrderId),
  });
  return { kind: 'verdict', verdict };
}

const isResting = (order: CycleOrder): boolean => order.status === 'open' || order.status === 'partially-filled';

/** An unknown target contradicts nothing. A reduction is contradicted only by a known position it would cut too far. */
function contradicts(order: CycleOrder, target: TargetPosition, actualSize: DecimalText | null): boolean {
  if (target.size === null) return false;
  const remaining = dec(order.size).minus(order.filledSize);
  const signed = order.side === 'buy' ? remaining : remaining.negated();
  if (actualSize !== null) {
    const after = dec(actualSize).plus(signed);
    const gapNow = target.size.minus(actualSize).abs();
    return target.size.minus(after).abs().gt(gapNow.plus(target.lot.size));
  }
  if (order.orderClass !== 'open') return false;
  return target.size.isZero() || target.size.isNegative() !== signed.isNegative();
}

/** Nothing to trade: what is desired is held, or nearly, or no more than that is allowed. */
function inSync(context: CycleContext, draft: Undecided, gap: { code: InSyncCode }): Outcome {
  const { limitedBy, allowed, wanted } = draft.target;
  // Nothing is held of what is wanted, and nothing can be: that is a refusal, however little there is to do about it.
  if (limitedBy !== null && allowed !== null && gap.code === 'aligned') {
    const numbers = {
      wanted: text(wanted.size),
      allowed: text(allowed),
      minNotionalQuote: draft.facts.instrument.minNotionalQuote,
    };
    return refuse(context, draft, refusal(limitedBy, 'nothing can be opened', numbers));
  }
  const held = limitedBy === null ? 'holds what is desired' : 'holds what the limits leave of what is desired';
  const message = gap.code === 'aligned' ? held : 'the difference is below the minimum trade';
  return { kind: 'verdict', verdict: toVerdict(context, draft, { kind: 'in-sync', code: gap.code, message }) };
}

const refuse = (context: CycleContext, draft: Undecided, why: Refusal<PlanRefusal>, chain?: RuleChain): Outcome => ({
  kind: 'verdict',
  verdict: refusalVerdict(context, draft, why, chain),
});

const REFRESH_CURES: ReadonlySet<string | null> = new Set(['before-settlement', 'too-old']);
const ALARMS: Readonly<Record<string, AlarmKind>> = { dissent: 'sources-dissent', 'strategy-stale': 'strategy-stale' };

/** `chain`: the refusing rule is one of those after quorum and gap. */
export function refusalVerdict(
  context: CycleContext,
  draft: Undecided,
  why: Refusal<PlanRefusal>,
  chain?: RuleChain,
): Verdict {
  const quorumFailed = ['awaiting-fill-visibility', 'no-quorum', 'position-unchecked'].includes(why.code);
  return toVerdict(context, draft, {
    kind: 'refusal',
    code: why.code,
    message: why.message,
    extra: { refusal: why.numbers, ...(chain === undefined ? {} : { rules: ruleVerdicts(chain, why.code) }) },
    wantsFreshSources: quorumFailed && draft.quorum.verdicts.some((v) => REFRESH_CURES.has(v.notCounting)),
    alarm: ALARMS[why.code] ?? null,
  });
}

export function toVerdict(
  context: CycleContext,
  draft: Undecided,
  what: Pick<Verdict, 'kind' | 'code' | 'message'> &
    Partial<Pick<Verdict, 'cancels' | 'wantsFreshSources' | 'alarm'>> & { readonly extra?: DecisionRecord },
): Verdict {
  const { kind, code, message, extra, cancels = [], wantsFreshSources = false, alarm = null } = what;
  const desiredSize = text(draft.target.size);
  const inputs = { ...record(context, draft, desiredSize), ...extra };
  // Whatever is decided, a target that limits have cut says so with their numbers.
  const { limit } = draft.target;
  return {
    kind,
    code,
    message: limit === null ? message : `${message}; ${limit}`,
    desiredSize,
    actualSize: draft.actualSize,
    inputs,
    cancels,
    wantsFreshSources,
    alarm,
  };
}

function record(context: CycleContext, draft: Undecided, desiredSize: DecimalText | null): DecisionRecord {
  const { facts, target, quorum } = draft;
  const { wanted, price } = target;
  const { settings, systemState } = context.inputs;
  return {
    desired: {
      ...wanted.position,
      rule: wanted.rule,
      direction: wanted.direction,
      unitQuote: wanted.unitQuote,
      runs: runsRecord(facts.runs),
      dataState: facts.dataState,
      target: desiredSize,
      limitedBy: target.limitedBy,
      limit: target.limit,
      capQuote: target.capQuote,
      leverage: target.leverage,
    },
    actual:
      quorum.kind === 'agreed' ? { kind: 'agreed', size: quorum.size, source: quorum.source } : quorum.refusal.code,
    sources: quorum.verdicts,
    quorum: { quorum: settings.quorum, maxAgeMs: settings.sourceAgeMsMax, settledAtMs: seenAfterMs(facts) },
    price:
      price === null ? null : { price: text(price.price), from: price.from, ageMs: price.ageMs, fresh: price.fresh },
    money: context.moneyRecord,
    exitAttempts: facts.exitAttempts,
    refusals: facts.refusals.count,
    holdReason: facts.holdReason,
    takeover: facts.takeover,
    state: systemState?.state ?? null,
    lockMode: systemState?.lockMode ?? null,
    minimumTradeQuote: settings.minimumTradeQuote,
  };
}

const isFlat = (size: DecimalText): boolean => dec(size).isZero();
const text = (value: Decimal | null): string | null => (value === null ? null : decimalText(value));
const short = (value: Decimal): string => decimalText(value.toSignificantDigits(8));
