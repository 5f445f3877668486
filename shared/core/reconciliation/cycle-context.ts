import { Decimal, dec, decimalText, ZERO } from '../decimal.ts';
import { isEnded } from '../orders/order.ts';
import { targetLeverage } from '../risk/leverage.ts';
import { initialMargin } from '../risk/margin-caps.ts';
import { type MarketHours, marketHours } from '../risk/market-hours.ts';
import { type Permission, permits } from '../system/permissions.ts';
import type { CycleInputs, CycleOrder, SymbolFacts } from './cycle-inputs.ts';

/** What is the same for every symbol of a cycle, computed once. */
export interface CycleContext {
  readonly inputs: CycleInputs;
  readonly flattenLock: boolean;
  readonly supervisorFresh: boolean;
  /** Null when the account's own numbers are unknown: then nothing may grow. */
  readonly equityQuote: Decimal | null;
  /** Initial margin that may be in use: equity × the smaller of the two configured fractions. */
  readonly budgetQuote: Decimal | null;
  /** In use by the venue's word, plus orders that its word does not include yet. */
  readonly marginUsedQuote: Decimal;
  readonly unseenMarginQuote: Decimal;
  readonly totalLeverage: number;
  readonly hours: MarketHours;
  readonly mayOpen: Permission;
  readonly mayReduce: Permission;
  readonly priceAgeMsMax: number;
  readonly minimumTradeQuote: Decimal;
  readonly capMultiplier: Decimal;
}

export function cycleContext(inputs: CycleInputs): CycleContext {
  const { settings, money, nowMs, systemState } = inputs;
  const equity = money === null ? null : Decimal.max(0, dec(money.equityQuote));
  const fraction = Decimal.min(dec(settings.marginUsageFractionMax), settings.limits.max_margin_usage);
  const unseen = unseenMargin(inputs.symbols, settings);
  return {
    inputs,
    flattenLock: systemState?.state === 'LOCKED' && systemState.lockMode === 'flatten',
    supervisorFresh: inputs.supervisorOkAtMs !== null && nowMs - inputs.supervisorOkAtMs <= settings.supervisorAgeMsMax,
    equityQuote: equity,
    budgetQuote: equity === null ? null : equity.times(fraction),
    marginUsedQuote: money === null ? ZERO : dec(money.marginUsedQuote).plus(unseen),
    unseenMarginQuote: unseen,
    totalLeverage: inputs.symbols.reduce((sum, s) => (s.managed ? sum + leverageOf(s, settings) : sum), 0),
    hours: marketHours(settings.calendar, nowMs),
    mayOpen: permits(systemState, 'open'),
    mayReduce: permits(systemState, 'reduce'),
    priceAgeMsMax: settings.limits.max_price_age_s * 1000,
    minimumTradeQuote: dec(settings.minimumTradeQuote),
    capMultiplier: dec(settings.marginCapMultiplier),
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

export const moneyRecord = (context: CycleContext) => ({
  equityQuote: context.equityQuote === null ? null : decimalText(context.equityQuote),
  budgetQuote: context.budgetQuote === null ? null : decimalText(context.budgetQuote),
  marginUsedQuote: decimalText(context.marginUsedQuote),
  unseenMarginQuote: decimalText(context.unseenMarginQuote),
});
