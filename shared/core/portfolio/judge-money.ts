import { isFresh, judgeAge } from '../age.ts';
import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import type { Side } from '../orders/order.ts';
import { type EpochMs, HOUR_MS } from '../time.ts';
import type { AccountMoney, AccountState, BelievedMoney, HeldPosition, MoneyDoubt } from './account-state.ts';

/** A stored fill, as far as it moves money. */
export interface MoneyFill {
  readonly symbol: string;
  readonly side: Side;
  readonly price: DecimalText;
  readonly size: DecimalText;
  /** Null: in a token whose worth nobody tells. */
  readonly feeQuote: DecimalText | null;
}

/** What another reader says about the account's equity. */
export interface EquityReading {
  readonly source: string;
  readonly equityQuote: DecimalText | null;
  readonly venueTimeMs: EpochMs | null;
  readonly mode: string | null;
}

export interface MoneyRules {
  /** Share of the larger of last and expected equity that a reading may leave the expectation by. */
  readonly toleranceShare: number;
  /** Less than this, in quote units, is never a contradiction. */
  readonly toleranceQuote: number;
  /** Other readers that must have read the same before a contradiction is believed; 0 where only the own books know. */
  readonly confirmations: number;
  readonly maxAgeMs: number;
  readonly futureMs: number;
}

export interface MoneyInputs {
  readonly nowMs: EpochMs;
  readonly reading: AccountState;
  readonly before: BelievedMoney | null;
  /** Our fills after `before`. One that is missing costs its distance from the mark price, not its value. */
  readonly fills: readonly MoneyFill[];
  /**
   * What net transfers may be behind the equity: one number, or two while a transfer is being settled. Empty: the venue would not
   * say, and none is assumed.
   */
  readonly netTransfers: readonly DecimalText[];
  readonly observed: readonly EquityReading[];
  /** Since when the money has been in doubt; null: it is not. */
  readonly doubtedSinceMs: EpochMs | null;
}

export type MoneyVerdict =
  /** `netTransfersQuote`: the one that is behind the equity. `confirmed`: a contradiction that the others have read, too. */
  | { readonly kind: 'believed'; readonly netTransfersQuote: DecimalText | null; readonly confirmed: MoneyDoubt | null }
  | { readonly kind: 'doubted'; readonly doubt: MoneyDoubt };

/** Funding is not read: up to this share of the positions' value an hour counts as explained. Usual is 0.00125 %. */
const FUNDING_SHARE_HOURLY = 0.001;
/** What a price that nobody tells may have moved. */
const UNPRICED_SHARE = 0.1;

/**
 * Whether a reading of the account's money can be: it must follow from the last believed one.
 * Expected = last equity + Σ position then × (mark now − mark then) + Σ signed fills since × (mark now − fill price) − fees
 * + transfers; funding is allowed for in the tolerance. A crash of prices moves both sides alike and is believed at once.
 */
export function judgeMoney(inputs: MoneyInputs, rules: MoneyRules): MoneyVerdict {
  const { reading, before, observed } = inputs;
  const { money } = reading;
  if (money === null) return doubted(reading.moneyDoubt ?? partialReading(reading));
  const equity = dec(money.equityQuote);
  const isEmpty = equity.lte(0) && dec(money.marginUsedQuote).gt(0);
  const told = observed.filter((other) => isCounting(other, inputs, rules));
  if (before === null) {
    if (isEmpty) return doubted(emptyWithMargin(money));
    const [net = null] = inputs.netTransfers;
    const near = tolerance(rules, [equity]);
    const differs = told.find((other) => !agrees(other, equity, near));
    if (differs === undefined) return believed(net, null);
    const alone = dissent(money, differs);
    return told.some((other) => agrees(other, equity, near)) ? believed(net, alone) : doubted(alone);
  }
  const best = explanation(inputs, before, equity, rules);
  const changed = before.mode !== null && reading.mode !== null && before.mode !== reading.mode;
  if (!changed && explains(best)) return believed(best.netTransfersQuote, null);
  // Whoever else says so: an account whose collateral stands elsewhere looks like this to every reader.
  if (isEmpty) return doubted(emptyWithMargin(money));
  const doubt = changed ? modeChanged(before, reading, best) : contradiction(before, money, best);
  const near = tolerance(rules, [equity, dec(before.equityQuote)]);
  const same = told.filter((other) => agrees(other, equity, near) && (!changed || other.mode === reading.mode));
  const sinceMs = inputs.doubtedSinceMs ?? inputs.nowMs;
  const numbers = { ...doubt.numbers, sinceMs, ...sayings(told) };
  // Where nobody else reads the account, only time is left to ask.
  const alone = observed.length === 0 && judgeAge(inputs.nowMs - sinceMs, rules.maxAgeMs) === 'too-old';
  if (same.length < rules.confirmations && !alone) return doubted({ ...doubt, numbers });
  return believed(best.netTransfersQuote, { ...doubt, numbers });
}

interface Expectation {
  readonly expectedQuote: Decimal;
  readonly gapQuote: Decimal;
  readonly toleranceQuote: Decimal;
  readonly fromPricesQuote: Decimal;
  readonly fromFillsQuote: Decimal;
  readonly feesQuote: Decimal;
  readonly transfersQuote: Decimal;
  readonly netTransfersQuote: DecimalText | null;
}

const explains = ({ gapQuote, toleranceQuote }: Expectation): boolean => gapQuote.lte(toleranceQuote);

/**
 * By the ledger; by none of its news where only that leads to what was read. A ledger that is wrong would otherwise turn into a profit
 * or a loss that the observers seem to confirm, who read the equity alone.
 */
function explanation(inputs: MoneyInputs, before: BelievedMoney, equity: Decimal, rules: MoneyRules): Expectation {
  const told = closest(inputs, before, equity, rules);
  if (explains(told)) return told;
  const without = expect(inputs, before, before.netTransfersQuote, equity, rules);
  return explains(without) ? without : told;
}

/** The expectation that is nearest to what was read, over the net transfers that may be behind it. */
function closest(inputs: MoneyInputs, before: BelievedMoney, equity: Decimal, rules: MoneyRules): Expectation {
  const nets: readonly (DecimalText | null)[] = inputs.netTransfers.length > 0 ? inputs.netTransfers : [null];
  const all = nets.map((net) => expect(inputs, before, net, equity, rules));
  return all.reduce((a, b) => (b.gapQuote.lt(a.gapQuote) ? b : a));
}

function expect(
  { reading, fills, nowMs }: MoneyInputs,
  before: BelievedMoney,
  net: DecimalText | null,
  equity: Decimal,
  rules: MoneyRules,
): Expectation {
  const moves = movesBySymbol(before.positions, reading.positions, fills);
  const sum = (of: (move: Move) => Decimal): Decimal => moves.reduce((total, move) => total.plus(of(move)), ZERO);
  const fees = fills.reduce((total, fill) => total.plus(fill.feeQuote ?? 0), ZERO);
  const last = before.netTransfersQuote;
  const transfers = net === null || last === null ? ZERO : dec(net).minus(last);
  const [prices, trades] = [sum((m) => m.priceGain), sum((m) => m.tradeGain)];
  const expected = dec(before.equityQuote).plus(prices).plus(trades).minus(fees).plus(transfers);
  const hours = Math.ceil(Math.max(0, Math.max(reading.venueTimeMs, nowMs) - before.venueTimeMs) / HOUR_MS);
  const funding = sum((m) => m.value).times(FUNDING_SHARE_HOURLY * hours);
  const unpriced = sum((m) => m.unpriced).times(UNPRICED_SHARE);
  return {
    expectedQuote: expected,
    gapQuote: equity.minus(expected).abs(),
    toleranceQuote: tolerance(rules, [dec(before.equityQuote), expected])
      .plus(funding)
      .plus(unpriced),
    fromPricesQuote: prices,
    fromFillsQuote: trades,
    feesQuote: fees,
    transfersQuote: transfers,
    netTransfersQuote: net ?? last,
  };
}

interface Move {
  readonly priceGain: Decimal;
  readonly tradeGain: Decimal;
  /** Largest value held, unsigned. */
  readonly value: Decimal;
  /** Value of what nobody gives a price for now. */
  readonly unpriced: Decimal;
}

/** Marks are the venue's own: value ÷ size of each reading. */
function movesBySymbol(
  then: readonly HeldPosition[],
  now: readonly HeldPosition[],
  fills: readonly MoneyFill[],
): readonly Move[] {
  const [before, after] = [new Map(then.map((p) => [p.symbol, p])), new Map(now.map((p) => [p.symbol, p]))];
  const traded = Map.groupBy(fills, (fill) => fill.symbol);
  const symbols = new Set([...before.keys(), ...after.keys(), ...traded.keys()]);
  return [...symbols].map((symbol) => moveOf(before.get(symbol), after.get(symbol), traded.get(symbol) ?? []));
}

function moveOf(then: HeldPosition | undefined, now: HeldPosition | undefined, fills: readonly MoneyFill[]): Move {
  const size = dec(then?.size ?? '0');
  const signed = (fill: MoneyFill): Decimal => (fill.side === 'buy' ? dec(fill.size) : dec(fill.size).neg());
  const bought = fills.reduce((total, fill) => total.plus(signed(fill)), ZERO);
  const lastPrice = fills.at(-1)?.price;
  // What is not held any more has no price in the reading. Where fills explain that, its price drops out of the sum.
  const markThen = markOf(then) ?? ZERO;
  const fallback = lastPrice === undefined ? markThen : dec(lastPrice);
  const mark = markOf(now);
  const markNow = mark ?? fallback;
  const left = mark === null ? size.plus(bought).abs() : ZERO;
  return {
    priceGain: size.times(markNow.minus(markThen)),
    tradeGain: fills.reduce((total, fill) => total.plus(signed(fill).times(markNow.minus(fill.price))), ZERO),
    value: Decimal.max(size.times(markThen).abs(), dec(now?.valueQuote ?? '0').abs()),
    unpriced: left.times(markNow),
  };
}

function markOf(position: HeldPosition | undefined): Decimal | null {
  if (position === undefined || dec(position.size).isZero()) return null;
  return dec(position.valueQuote).div(position.size).abs();
}

const tolerance = (rules: MoneyRules, equities: readonly Decimal[]): Decimal =>
  Decimal.max(rules.toleranceQuote, ...equities.map((equity) => equity.abs().times(rules.toleranceShare)));

const agrees = (other: EquityReading, equity: Decimal, near: Decimal): boolean =>
  other.equityQuote !== null && dec(other.equityQuote).minus(equity).abs().lte(near);

/** Whole, fresh, and later than what was believed last: only then can it confirm anything that came after. */
function isCounting(other: EquityReading, { before, nowMs }: MoneyInputs, rules: MoneyRules): boolean {
  if (other.equityQuote === null || other.venueTimeMs === null) return false;
  return (
    isFresh(other.venueTimeMs, nowMs, rules.maxAgeMs, rules.futureMs) && other.venueTimeMs > (before?.venueTimeMs ?? 0)
  );
}

const believed = (netTransfersQuote: DecimalText | null, confirmed: MoneyDoubt | null): MoneyVerdict => ({
  kind: 'believed',
  netTransfersQuote,
  confirmed,
});
const doubted = (doubt: MoneyDoubt): MoneyVerdict => ({ kind: 'doubted', doubt });
const short = (value: Decimal): DecimalText => decimalText(value.toDecimalPlaces(6));
const sayings = (told: readonly EquityReading[]) =>
  Object.fromEntries(told.map(({ source, equityQuote }) => [`${source} equityQuote`, equityQuote]));

/** The doubt of a view that lacks sub-accounts. */
export function partialReading({ subAccounts }: Pick<AccountState, 'subAccounts'>): MoneyDoubt {
  const failed = subAccounts.filter((sub) => !sub.complete);
  return {
    code: 'partial-reading',
    message: `equity is unknown: ${failed.map(({ name }) => name).join(', ')} could not be read`,
    numbers: { read: subAccounts.length - failed.length, of: subAccounts.length, error: failed[0]?.error ?? null },
  };
}

const emptyWithMargin = (money: AccountMoney): MoneyDoubt => ({
  code: 'money-contradicts',
  message: 'the venue says that there is no equity, and that margin is in use: one of them is not true',
  numbers: { equityQuote: money.equityQuote, marginUsedQuote: money.marginUsedQuote },
});

const dissent = (money: AccountMoney, other: EquityReading): MoneyDoubt => ({
  code: 'money-contradicts',
  message: `the own reading of equity and ${other.source} differ, and there is no earlier one to tell which is right`,
  numbers: { equityQuote: money.equityQuote, [`${other.source} equityQuote`]: other.equityQuote },
});

const contradiction = (before: BelievedMoney, money: AccountMoney, best: Expectation): MoneyDoubt => ({
  code: 'money-contradicts',
  message: 'equity does not follow from the last believed one by prices, fills, fees and transfers',
  numbers: numbersOf(before, money, best),
});

const modeChanged = (before: BelievedMoney, reading: AccountState, best: Expectation): MoneyDoubt => ({
  code: 'account-mode-changed',
  message: `the account keeps its collateral in another way: it was ${before.mode} and is ${reading.mode}`,
  numbers: { ...(reading.money === null ? {} : numbersOf(before, reading.money, best)), mode: reading.mode },
});

const numbersOf = (before: BelievedMoney, money: AccountMoney, best: Expectation) => ({
  equityQuote: money.equityQuote,
  expectedQuote: short(best.expectedQuote),
  gapQuote: short(best.gapQuote),
  toleranceQuote: short(best.toleranceQuote),
  lastEquityQuote: before.equityQuote,
  lastAtMs: before.venueTimeMs,
  fromPricesQuote: short(best.fromPricesQuote),
  fromFillsQuote: short(best.fromFillsQuote),
  feesQuote: short(best.feesQuote),
  transfersQuote: short(best.transfersQuote),
});
