import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import { towardZero } from '../market/tick-rules.ts';
import { type DesiredPosition, desiredPosition } from '../portfolio/desired-position.ts';
import { type CycleContext, type Lot, leverageOf, type MarginCap } from './cycle-context.ts';
import type { SymbolFacts } from './cycle-inputs.ts';
import { type ReferencePrice, referencePrice } from './order-pricing.ts';

/** `venue-minimum`: what is wanted is worth less than the smallest order. `lot`: it is less than one lot. */
export const TARGET_LIMITS = ['margin-cap', 'max-position-notional', 'venue-minimum', 'lot'] as const;
export type TargetLimit = (typeof TARGET_LIMITS)[number];

/** What a symbol should hold after every limit that is known before the order, and what it took to say so. */
export interface TargetPosition {
  readonly wanted: DesiredPosition;
  /** Signed, whole lots, within the caps; null when the desired position is unknown. */
  readonly size: Decimal | null;
  readonly limitedBy: TargetLimit | null;
  /** What the limits take from the desired position, with every number; null when they take nothing. */
  readonly limit: string | null;
  /**
   * Signed: what the limits allow, where that is worth less than the smallest order and the target is therefore zero. A position could
   * not be opened so small and, once reached, not be left. Null where the target is what is allowed.
   */
  readonly allowed: Decimal | null;
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
    sizeStep: instrument.sizeStep,
  });
  const leverage = leverageOf(facts, settings);
  const dearest = price === null ? null : dearestPrice(facts, price).times(context.entryFactor);
  const cap = context.capOf(leverage);
  const lot = { size: dec(instrument.sizeStep), text: instrument.sizeStep };
  const base = { wanted, capQuote: cap?.text ?? null, price, dearest, leverage, lot };
  const { size, direction } = wanted;
  const whole = { ...base, size, limitedBy: null, limit: null, allowed: null };
  // Without a direction zero is what is wanted, whatever it is worth.
  if (size === null || wanted.rule !== 'runs' || price === null || dearest === null) return whole;
  if (!size.isZero()) return { ...base, ...limited(context, size, cap, price.price, dearest, leverage, instrument) };
  const limit = `the runs want ${direction} × ${wanted.unitQuote} quote, less than one lot of ${lot.text} at ${short(price.price)}`;
  return { ...base, size, limitedBy: 'lot', limit, allowed: ZERO };
}

/** The desired size within the largest position and the margin cap, each judged at the dearest price. */
function limited(
  context: CycleContext,
  size: Decimal,
  cap: MarginCap | null,
  price: Decimal,
  dearest: Decimal,
  leverage: number,
  { sizeStep, minSize, minNotionalQuote }: SymbolFacts['instrument'],
): Pick<TargetPosition, 'size' | 'limitedBy' | 'limit' | 'allowed'> {
  const { maxPositionQuote, moneyRecord } = context;
  const ceiling = cap === null ? maxPositionQuote : Decimal.min(cap.notionalQuote, maxPositionQuote);
  const fits = size.abs().times(dearest).lte(ceiling);
  const largest = fits ? size : towardZero(ceiling.div(dearest), sizeStep).times(size.isNegative() ? -1 : 1);
  const tooLittle = largest.abs().lt(minSize);
  const tooSmall = tooLittle || largest.abs().times(price).lt(minNotionalQuote);
  if (fits && !tooSmall) return { size, limitedBy: null, limit: null, allowed: null };
  const wish = `the runs want ${decimalText(size)} (${short(size.abs().times(price))} quote)`;
  const least = `less than the venue's smallest order of ${tooLittle ? `size ${minSize}` : minNotionalQuote}`;
  if (fits) return { size: ZERO, limitedBy: 'venue-minimum', limit: `${wish}, ${least}`, allowed: size };
  const limitedBy = cap?.notionalQuote.lte(maxPositionQuote) ? 'margin-cap' : 'max-position-notional';
  const numbers =
    limitedBy === 'margin-cap'
      ? `${short(dec(cap?.text ?? '0'))} margin × leverage ${leverage} = ${short(ceiling)} quote, by equity ${moneyRecord.equityQuote} and budget ${shortText(moneyRecord.budgetQuote)}`
      : `${short(ceiling)} quote`;
  const limit = `${wish}, ${limitedBy} allows ${decimalText(largest)} (${numbers}, at ${short(dearest)})`;
  return tooSmall
    ? { size: ZERO, limitedBy, limit: `${limit}, ${least}`, allowed: largest }
    : { size: largest, limitedBy, limit, allowed: null };
}

/** Numbers for reading: at most 8 significant digits. */
const short = (value: Decimal): string => decimalText(value.toSignificantDigits(8));
const shortText = (value: DecimalText | null): string => (value === null ? 'unknown' : short(dec(value)));

/** The highest price in sight; the entry's slippage comes on top. */
function dearestPrice(facts: SymbolFacts, price: ReferencePrice): Decimal {
  const { last, mark } = facts.price ?? { last: null, mark: null };
  const other = price.from === 'last' ? mark : last;
  return other === null ? price.price : Decimal.max(price.price, other.price);
}
