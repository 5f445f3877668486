import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import { lotSize } from '../market/instrument.ts';
import { type DesiredPosition, desiredPosition } from '../portfolio/desired-position.ts';
import { clampToCap, symbolCap } from '../risk/margin-caps.ts';
import { towardZero } from '../risk/sizing.ts';
import { type CycleContext, leverageOf } from './cycle-context.ts';
import type { SymbolFacts } from './cycle-inputs.ts';
import { type ReferencePrice, referencePrice } from './order-pricing.ts';

/** What a symbol should hold after every limit that is known before the order, and what it took to say so. */
export interface TargetPosition {
  readonly wanted: DesiredPosition;
  /** Signed, whole lots, within the caps; null when the desired position is unknown. */
  readonly size: Decimal | null;
  /** `venue-minimum`: worth less than the smallest order, which could not be opened and, once reached, not be left. */
  readonly limitedBy: 'margin-cap' | 'max-position-notional' | 'venue-minimum' | null;
  readonly capQuote: DecimalText | null;
  readonly price: ReferencePrice | null;
  /** The dearest price an opening order of this cycle could meet: limits are judged at it. */
  readonly dearest: Decimal | null;
  readonly leverage: number;
  readonly lot: Decimal;
}

export function targetPosition(context: CycleContext, facts: SymbolFacts): TargetPosition {
  const { settings, latched, nowMs } = context.inputs;
  const { instrument } = facts;
  const price = referencePrice(facts.price, nowMs, context.priceAgeMsMax);
  const wanted = desiredPosition({
    flattenLock: context.flattenLock,
    latched,
    managed: facts.managed,
    dataState: facts.dataState,
    runs: facts.runs,
    supervisorFresh: context.supervisorFresh,
    price,
    equityQuote: context.equityQuote,
    sizing: settings.sizing,
    invertDecisions: settings.invertDecisions,
    canGoLong: settings.canGoLong,
    canGoShort: settings.canGoShort,
    profitRequired: settings.profitRequired,
    sizeDecimals: instrument.sizeDecimals,
  });
  const leverage = leverageOf(facts, settings);
  const dearest = price === null ? null : dearestPrice(facts, price, settings.slippage.entry);
  const cap =
    context.budgetQuote === null
      ? null
      : symbolCap(context.budgetQuote, leverage, context.totalLeverage, context.capMultiplier);
  const base = {
    wanted,
    capQuote: cap === null ? null : decimalText(cap),
    price,
    dearest,
    leverage,
    lot: dec(lotSize(instrument)),
  };
  if (wanted.position.kind === 'unknown') return { ...base, size: null, limitedBy: null };
  const size = dec(wanted.position.size);
  if (size.isZero() || dearest === null) return { ...base, size, limitedBy: null };

  const largest = towardZero(dec(settings.limits.max_position_notional).div(dearest), instrument.sizeDecimals);
  const byNotional = size.abs().gt(largest) ? largest.times(size.isNegative() ? -1 : 1) : size;
  const byCap = cap === null ? byNotional : clampToCap(byNotional, dearest, leverage, cap, instrument.sizeDecimals);
  if (price !== null && byCap.abs().times(price.price).lt(instrument.minNotionalQuote)) {
    return { ...base, size: ZERO, limitedBy: 'venue-minimum' };
  }
  const limitedBy = byCap.eq(size) ? null : byCap.eq(byNotional) ? 'max-position-notional' : 'margin-cap';
  return { ...base, size: byCap, limitedBy };
}

function dearestPrice(facts: SymbolFacts, price: ReferencePrice, entrySlippage: DecimalText): Decimal {
  const seen = [price.price, facts.price?.last?.price, facts.price?.mark?.price].filter((p) => p != null).map(dec);
  return Decimal.max(...seen).times(dec(1).plus(entrySlippage));
}
