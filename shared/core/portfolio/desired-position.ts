import { type Decimal, type DecimalText, decimalText, fromMicros, ZERO } from '../decimal.ts';
import { type KnownOrUnknown, known, unknown } from '../known.ts';
import { positionFor, type Sizing, unitQuote } from '../risk/sizing.ts';
import type { EpochMs } from '../time.ts';

/** Sums over the runs of one symbol that have no height. Money in millionths of the quote unit. */
export interface RunsSummary {
  readonly liveCount: number;
  /** Live runs stepped within the staleness limit. */
  readonly freshCount: number;
  /** Fresh runs with live_pnl above the threshold and a direction. */
  readonly eligibleCount: number;
  /** Sums over the eligible runs. */
  readonly directionSum: number;
  readonly pnlSumMicros: number;
  readonly newestUpdateMs: EpochMs | null;
}

export const DESIRED_UNKNOWNS = [
  'strategy-stale',
  'no-runs-yet',
  'data-gap',
  'warming-up',
  'no-price',
  'price-stale',
  'no-equity',
  'runs-unreadable',
] as const;
export type DesiredUnknown = (typeof DESIRED_UNKNOWNS)[number];

/** Which rule gave the desired position. */
export type DesiredRule =
  | 'flatten-lock'
  | 'take-profit'
  | 'drawdown'
  | 'unmanaged'
  | 'close-asked'
  | 'no-runs'
  | 'runs-not-profitable'
  | 'runs-balanced'
  | 'direction-blocked'
  | 'runs';

export interface DesiredInputs {
  /** The operator locked the exchange to flatten it. */
  readonly flattenLock: boolean;
  /** A latched stop of the whole account. */
  readonly latched: 'take-profit' | 'drawdown' | null;
  readonly managed: boolean;
  /** The operator asked to close what was there when the symbol was added; until it is flat. */
  readonly closing: boolean;
  /** Null: the symbol was never stepped. */
  readonly dataState: 'live' | 'warming-up' | 'data-gap' | null;
  /** Null: the symbol has no runs at all. */
  readonly runs: RunsSummary | null;
  /** The supervisor's heartbeat is fresh: zero live runs are meant, */
  readonly supervisorFresh: boolean;
  /** ... but only by a pass that began after the symbol became managed; until then, and this long, it has had no turn yet. */
  readonly runsAwaited: boolean;
  readonly price: { readonly price: Decimal; readonly fresh: boolean; readonly ageMs: number } | null;
  readonly equityQuote: Decimal | null;
  readonly sizing: Sizing;
  readonly invertDecisions: boolean;
  readonly canGoLong: boolean;
  readonly canGoShort: boolean;
  /** `reconciliation_engine.profit_required`. */
  readonly profitRequired: boolean;
  readonly sizeStep: DecimalText;
}

export interface DesiredPosition {
  /** Signed base units in whole lots, before margin caps. */
  readonly position: KnownOrUnknown<DesiredUnknown>;
  /** The known size; null when it is unknown. */
  readonly size: Decimal | null;
  readonly rule: DesiredRule | null;
  /** P of the formula after inversion; null where the runs were not asked. */
  readonly direction: number | null;
  readonly unitQuote: DecimalText | null;
}

/**
 * What the runs want, in base units: P × unit ÷ price with P = Σ direction over the eligible runs, if Σ pnl > 0 and |P| ≥ 1.
 * Error is not flat (architecture, rule 3.1): what cannot be known is `unknown`; stops and an unmanaged symbol are known(0).
 */
export function desiredPosition(inputs: DesiredInputs): DesiredPosition {
  const stop = stopRule(inputs);
  if (stop !== null) return flat(stop);
  const { runs, dataState } = inputs;
  if (runs === null || runs.liveCount === 0) {
    if (inputs.runsAwaited) return notKnown('no-runs-yet', { liveRuns: 0 });
    return inputs.supervisorFresh
      ? flat('no-runs')
      : notKnown('strategy-stale', { liveRuns: 0, supervisor: 'heartbeat is stale' });
  }
  if (dataState !== 'live') return notKnown(dataState ?? 'warming-up', { liveRuns: runs.liveCount });
  if (runs.freshCount === 0) {
    return notKnown('strategy-stale', { liveRuns: runs.liveCount, newestUpdateMs: runs.newestUpdateMs });
  }
  if (inputs.profitRequired && runs.pnlSumMicros <= 0) return flat('runs-not-profitable', runs.directionSum);
  if (Math.abs(runs.directionSum) < 1) return flat('runs-balanced', 0);
  const direction = inputs.invertDecisions ? -runs.directionSum : runs.directionSum;
  if (direction > 0 ? !inputs.canGoLong : !inputs.canGoShort) return flat('direction-blocked', direction);
  return sized(inputs, direction);
}

function stopRule(inputs: DesiredInputs): DesiredRule | null {
  if (inputs.flattenLock) return 'flatten-lock';
  if (inputs.latched !== null) return inputs.latched;
  if (!inputs.managed) return 'unmanaged';
  return inputs.closing ? 'close-asked' : null;
}

function sized(inputs: DesiredInputs, direction: number): DesiredPosition {
  const { price } = inputs;
  if (price === null) return notKnown('no-price', { direction });
  if (!price.fresh) return notKnown('price-stale', { direction, priceAgeMs: price.ageMs });
  const unit = unitQuote(inputs.sizing, inputs.equityQuote);
  if (unit === null) return notKnown('no-equity', { direction });
  const size = positionFor(direction, unit, price.price, inputs.sizeStep);
  return { position: known(decimalText(size)), size, rule: 'runs', direction, unitQuote: decimalText(unit) };
}

const FLAT = known('0');
const flat = (rule: DesiredRule, direction: number | null = null): DesiredPosition => ({
  position: FLAT,
  size: ZERO,
  rule,
  direction,
  unitQuote: null,
});

const notKnown = (
  reason: DesiredUnknown,
  detail: Readonly<Record<string, string | number | null>>,
): DesiredPosition => ({ position: unknown(reason, detail), size: null, rule: null, direction: null, unitQuote: null });

/** The runs as a decision records them. */
export const runsRecord = (runs: RunsSummary | null) =>
  runs === null
    ? null
    : {
        live: runs.liveCount,
        fresh: runs.freshCount,
        eligible: runs.eligibleCount,
        direction: runs.directionSum,
        pnlQuote: decimalText(fromMicros(runs.pnlSumMicros)),
        newestUpdateMs: runs.newestUpdateMs,
      };
