import { Decimal, type DecimalText, ZERO } from '../decimal.ts';
import { type DesiredPosition, desiredPosition } from '../portfolio/desired-position.ts';
import { towardZero } from '../risk/sizing.ts';
import { type CycleContext, type Lot, leverageOf, type MarginCap } from './cycle-context.ts';
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
  readonly lot: Lot;
}

export function targetPosition(context: CycleContext, facts: SymbolFacts): TargetPosition {
  const { settings, latched, nowMs } = context.inputs;
  const { instrument } = facts;
  const price = referencePrice(facts.price, nowMs, context.priceAgeMsMax);
  const wanted = desiredPosition({
    flattenLock: context.flattenLock,
    latched,
    managed: facts.managed,
    closing: facts.takeover === 'closing',
    dataState: facts.dataState,
    runs: facts.runs,
    supervisorFresh: context.supervisorFresh,
    runsAwaited: context.awaitsRuns(facts.managedSinceMs),
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
  const dearest = price === null ? null : dearestPrice(facts, price).times(context.entryFactor);
  const cap = context.capOf(leverage);
  const lot = context.lotOf(instrument.sizeDecimals);
  const base = { wanted, capQuote: cap?.text ?? null, price, dearest, leverage, lot };
  const { size } = wanted;
  if (size === null || size.isZero() || price === null || dearest === null) return { ...base, size, limitedBy: null };
  return { ...base, ...limited(context, size, cap, price.price, dearest, instrument) };
}

/** The desired size within the largest position and the margin cap, each judged at the dearest price. */
function limited(
  context: CycleContext,
  size: Decimal,
  cap: MarginCap | null,
  price: Decimal,
  dearest: Decimal,
  { sizeDecimals, minNotionalQuote }: SymbolFacts['instrument'],
): Pick<TargetPosition, 'size' | 'limitedBy'> {
  const worth = size.abs().times(dearest);
  const ceiling = cap === null ? context.maxPositionQuote : Decimal.min(cap.notionalQuote, context.maxPositionQuote);
  const fits = worth.lte(ceiling);
  const largest = fits ? size : towardZero(ceiling.div(dearest), sizeDecimals).times(size.isNegative() ? -1 : 1);
  if (largest.abs().times(price).lt(minNotionalQuote)) return { size: ZERO, limitedBy: 'venue-minimum' };
  return {
    size: largest,
    limitedBy: fits ? null : ceiling.eq(context.maxPositionQuote) ? 'max-position-notional' : 'margin-cap',
  };
}

/** The highest price in sight; the entry's slippage comes on top. */
function dearestPrice(facts: SymbolFacts, price: ReferencePrice): Decimal {
  const { last, mark } = facts.price ?? { last: null, mark: null };
  const other = price.from === 'last' ? mark : last;
  return other === null ? price.price : Decimal.max(price.price, other.price);
}
