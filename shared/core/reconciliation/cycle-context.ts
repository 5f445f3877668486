import { isFresh, judgeAge } from '../age.ts';
import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import { isEnded } from '../orders/order.ts';
import { targetLeverage } from '../risk/leverage.ts';
import { initialMargin, symbolCap } from '../risk/margin-caps.ts';
import { type MarketHours, marketHours } from '../risk/market-hours.ts';
import { type Permission, permits } from '../system/permissions.ts';
import type { EpochMs } from '../time.ts';
import type { CycleInputs, CycleOrder, SymbolFacts } from './cycle-inputs.ts';

/** What is the same for every symbol of a cycle, computed once. */
export interface CycleContext {
  readonly inputs: CycleInputs;
  readonly flattenLock: boolean;
  readonly supervisorFresh: boolean;
  /** The supervisor has neither given runs to a symbol that is managed since then, nor said that it gets none. */
  readonly awaitsRuns: (managedSinceMs: EpochMs | null) => boolean;
  /** Null when the account's own numbers are unknown: then nothing may grow. */
  readonly equityQuote: Decimal | null;
  /** Initial margin that may be in use: equity × the smaller of the two configured fractions. */
  readonly budgetQuote: Decimal | null;
  /** In use by the venue's word, plus orders that its word does not include yet. */
  readonly marginUsedQuote: Decimal;
  readonly hours: MarketHours;
  readonly mayOpen: Permission;
  readonly mayReduce: Permission;
  readonly priceAgeMsMax: number;
  readonly minimumTradeQuote: Decimal;
  readonly maxOrderQuote: Decimal;
  readonly maxPositionQuote: Decimal;
  /** 1 + the entry's slippage: what an opening order may pay per unit of price. */
  readonly entryFactor: Decimal;
  /** Margin cap of a symbol by its leverage; null while the budget is unknown. */
  readonly capOf: (leverage: number) => MarginCap | null;
  /** The account's money as every decision records it. */
  readonly moneyRecord: MoneyRecord;
}

export interface MarginCap {
  /** The position's value at which the cap is reached: cap × leverage. */
  readonly notionalQuote: Decimal;
  readonly text: DecimalText;
}

export interface Lot {
  readonly size: Decimal;
  readonly text: DecimalText;
}

export interface MoneyRecord {
  readonly equityQuote: DecimalText | null;
  readonly budgetQuote: DecimalText | null;
  readonly marginUsedQuote: DecimalText;
  readonly unseenMarginQuote: DecimalText;
}

export function cycleContext(inputs: CycleInputs): CycleContext {
  const { settings, money, nowMs, systemState } = inputs;
  const equity = money === null ? null : Decimal.max(0, dec(money.equityQuote));
  const fraction = Decimal.min(dec(settings.marginUsageFractionMax), settings.limits.max_margin_usage);
  const unseen = unseenMargin(inputs.symbols, settings);
  const budget = equity === null ? null : equity.times(fraction);
  const used = money === null ? ZERO : dec(money.marginUsedQuote).plus(unseen);
  const total = inputs.symbols.reduce((sum, s) => (s.managed ? sum + leverageOf(s, settings) : sum), 0);
  const { supervisorOkAtMs, runsToldUpToMs } = inputs;
  const supervisorFresh = supervisorOkAtMs !== null && isFresh(supervisorOkAtMs, nowMs, settings.supervisorAgeMsMax);
  return {
    inputs,
    flattenLock: systemState?.state === 'LOCKED' && systemState.lockMode === 'flatten',
    supervisorFresh,
    // Longer than a pass may take to come, a silent supervisor is an outage and is called one.
    awaitsRuns: (sinceMs) =>
      sinceMs !== null &&
      sinceMs > (runsToldUpToMs ?? -1) &&
      (supervisorFresh || judgeAge(nowMs - sinceMs, settings.supervisorAgeMsMax) !== 'too-old'),
    equityQuote: equity,
    budgetQuote: budget,
    marginUsedQuote: used,
    hours: marketHours(settings.calendar, nowMs),
    mayOpen: permits(systemState, 'open'),
    mayReduce: permits(systemState, 'reduce'),
    priceAgeMsMax: settings.limits.max_price_age_s * 1000,
    minimumTradeQuote: dec(settings.minimumTradeQuote),
    maxOrderQuote: dec(settings.limits.max_order_notional),
    maxPositionQuote: dec(settings.limits.max_position_notional),
    entryFactor: dec(1).plus(settings.slippage.entry),
    capOf: capsByLeverage(budget, total, dec(settings.marginCapMultiplier)),
    moneyRecord: {
      equityQuote: equity === null ? null : decimalText(equity),
      budgetQuote: budget === null ? null : decimalText(budget),
      marginUsedQuote: decimalText(used),
      unseenMarginQuote: decimalText(unseen),
    },
  };
}

/** Symbols of one leverage have one cap. */
function capsByLeverage(
  budget: Decimal | null,
  totalLeverage: number,
  multiplier: Decimal,
): (leverage: number) => MarginCap | null {
  if (budget === null) return () => null;
  return memoized((leverage) => {
    const capQuote = symbolCap(budget, leverage, totalLeverage, multiplier);
    return { notionalQuote: capQuote.times(leverage), text: decimalText(capQuote) };
  });
}

function memoized<Value>(compute: (key: number) => Value): (key: number) => Value {
  const values = new Map<number, Value>();
  return (key) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    const value = compute(key);
    values.set(key, value);
    return value;
  };
}

/** Leverage that a position of the symbol is planned with; at least 1. */
export const leverageOf = (facts: SymbolFacts, settings: CycleInputs['settings']): number =>
  Math.max(1, targetLeverage(facts.instrument, facts.leverage, settings.leverage).leverage);

/**
 * Initial margin of opening orders that the account snapshot cannot show: not ended, or ended after it. Counted in full at
 * their limit price until a newer snapshot comes, so that two cycles between two snapshots do not spend the same margin.
 */
function unseenMargin(symbols: readonly SymbolFacts[], settings: CycleInputs['settings']): Decimal {
  let total = ZERO;
  for (const facts of symbols) {
    for (const order of facts.orders) {
      if (order.orderClass !== 'open') continue;
      total = total.plus(initialMargin(boundSize(order), dec(order.limitPrice), leverageOf(facts, settings)));
    }
  }
  return total;
}

/** What an order may have added: everything it asked for while it works, what it filled once it ended. */
const boundSize = (order: CycleOrder): Decimal => dec(isEnded(order.status) ? order.filledSize : order.size);
