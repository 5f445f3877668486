import { type Decimal, Decimal as DecimalJs, type DecimalText, dec, decimalText } from '../decimal.ts';
import { towardZero } from '../market/tick-rules.ts';
import { symbolCap } from './margin-caps.ts';
import { type Sizing, unitQuote } from './sizing.ts';

/** What is known of a symbol when nothing runs: null where only the venue could tell. */
export interface ReportedSymbol {
  readonly symbol: string;
  readonly minNotionalQuote: DecimalText;
  readonly leverage: number;
  readonly sizeStep: DecimalText | null;
  readonly price: DecimalText | null;
}

export interface SizingReportInputs {
  readonly sizing: Sizing;
  /** Null: unknown; a share of it, and every margin cap, is then unknown too. */
  readonly equityQuote: DecimalText | null;
  readonly symbols: readonly ReportedSymbol[];
  /** Share of equity that initial margin may use. */
  readonly marginUsageFraction: number;
  readonly marginCapMultiplier: number;
  readonly minimumTradeQuote: number;
  readonly maxOrderQuote: number;
  readonly maxPositionQuote: number;
  readonly entrySlippage: number;
  readonly desiredRunCount: number;
  /** Runs ÷ leverage cap per symbol (`max_margin_allocation_threshold`). */
  readonly runsPerLeverageMax: number;
  /** Largest direction of one run. */
  readonly directionMax: number;
}

export type PositionLimit = 'sizing' | 'margin-cap' | 'max-position-notional';

export interface SizingReportRow {
  readonly symbol: string;
  /** Worst value of one unit of direction at its limit price, after rounding to whole lots; null when equity is unknown. */
  readonly smallestOrderQuote: DecimalText | null;
  readonly minNotionalQuote: DecimalText;
  /** False: the venue would refuse the smallest order. Null: unknown. */
  readonly smallestOrderOk: boolean | null;
  /** Differences below this are left alone. */
  readonly smallestTradeQuote: DecimalText;
  readonly largestPositionQuote: DecimalText | null;
  readonly limitedBy: PositionLimit | null;
  /** Why nothing can be opened there, with its numbers; null when something can, or when equity is unknown. */
  readonly blocked: string | null;
  /** Orders of the largest size that a full entry needs. */
  readonly ordersToLargest: number | null;
}

/**
 * What the sizing can produce, symbol by symbol.
 *
 * Smallest order: one unit of direction, sold at its limit price `unit × (1 − entry slippage)`, since limits judge the
 * minimum at the cheapest price in sight (limits.ts), less one lot that rounding may take.
 * Largest position: the least of `unit × direction × runs`, of the margin cap × leverage (margin-caps.ts) and of the limit.
 */
export function sizingReport(inputs: SizingReportInputs): readonly SizingReportRow[] {
  const equity = inputs.equityQuote === null ? null : dec(inputs.equityQuote);
  const unit = unitQuote(inputs.sizing, equity);
  const totalLeverage = inputs.symbols.reduce((sum, symbol) => sum + symbol.leverage, 0);
  const budget = equity?.times(inputs.marginUsageFraction) ?? null;

  return inputs.symbols.map((symbol) => {
    const smallest = unit === null ? null : smallestOrder(unit, symbol, inputs.entrySlippage);
    const cap = budget ? symbolCap(budget, symbol.leverage, totalLeverage, dec(inputs.marginCapMultiplier)) : null;
    const largest = unit && cap ? largestPosition(unit, cap.times(symbol.leverage), symbol, inputs) : null;
    return {
      symbol: symbol.symbol,
      smallestOrderQuote: smallest === null ? null : decimalText(smallest),
      minNotionalQuote: symbol.minNotionalQuote,
      smallestOrderOk: smallest === null ? null : smallest.gte(symbol.minNotionalQuote),
      smallestTradeQuote: decimalText(DecimalJs.max(inputs.minimumTradeQuote, symbol.minNotionalQuote)),
      largestPositionQuote: largest === null ? null : decimalText(largest.quote),
      limitedBy: largest?.limitedBy ?? null,
      blocked: largest === null ? null : blockedBy(symbol, largest, cap, inputs),
      ordersToLargest: largest === null ? null : largest.quote.div(inputs.maxOrderQuote).ceil().toNumber(),
    };
  });
}

/** A limit below the smallest order: the sizing may want what it likes. */
function blockedBy(
  { minNotionalQuote, leverage, price, sizeStep }: ReportedSymbol,
  { quote, limitedBy }: { readonly quote: Decimal; readonly limitedBy: PositionLimit },
  cap: Decimal | null,
  { equityQuote, minimumTradeQuote, maxOrderQuote }: SizingReportInputs,
): string | null {
  const oneLot = price === null || sizeStep === null ? null : dec(sizeStep).times(price);
  if (oneLot?.gt(maxOrderQuote)) return `one lot is worth ${short(oneLot)}, above max_order_notional ${maxOrderQuote}`;
  if (limitedBy === 'sizing' || cap === null) return null;
  const least = DecimalJs.max(minimumTradeQuote, minNotionalQuote, oneLot ?? 0);
  if (quote.gte(least)) return null;
  const word = least.eq(minNotionalQuote)
    ? "the venue's smallest order"
    : oneLot !== null && least.eq(oneLot)
      ? 'one lot'
      : `minimum_trade_threshold (the venue's smallest order is ${minNotionalQuote})`;
  const how =
    limitedBy === 'margin-cap' ? ` (${short(cap)} margin × leverage ${leverage}, by equity ${equityQuote})` : '';
  return `${limitedBy} allows ${short(quote)}${how}, less than ${word}: ${short(least)}`;
}

const short = (value: Decimal): string => decimalText(value.toSignificantDigits(8));

function smallestOrder(unit: Decimal, symbol: ReportedSymbol, entrySlippage: number): Decimal {
  const { price, sizeStep } = symbol;
  const exact = price !== null && sizeStep !== null;
  const value = exact ? towardZero(unit.div(price), sizeStep).times(price) : unit;
  return value.times(dec(1).minus(entrySlippage));
}

function largestPosition(
  unit: Decimal,
  byMargin: Decimal,
  symbol: ReportedSymbol,
  inputs: SizingReportInputs,
): { readonly quote: Decimal; readonly limitedBy: PositionLimit } {
  // A symbol takes runs until its count ÷ leverage passes the threshold: one more than the quotient at most.
  const runsCap = Math.floor(inputs.runsPerLeverageMax * Math.max(1, symbol.leverage)) + 1;
  const runs = Math.min(inputs.desiredRunCount, runsCap);
  const candidates: readonly { readonly quote: Decimal; readonly limitedBy: PositionLimit }[] = [
    { quote: unit.times(inputs.directionMax).times(runs), limitedBy: 'sizing' },
    { quote: byMargin, limitedBy: 'margin-cap' },
    { quote: dec(inputs.maxPositionQuote), limitedBy: 'max-position-notional' },
  ];
  return candidates.reduce((least, next) => (next.quote.lt(least.quote) ? next : least));
}
