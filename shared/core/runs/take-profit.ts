import { type Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import type { TakeProfitSettings } from './providence-settings.ts';

export type Latch = 'take-profit' | 'drawdown';

/** One row per account. `latched` is a stored stop: desired is known(0) while it is set. */
export interface TakeProfitState {
  readonly exchange: string;
  readonly account: string;
  /** Equity that counts as zero profit, moved along with deposits and withdrawals; null while being formed. */
  readonly baselineQuote: DecimalText | null;
  /** Net transfers of the account at the last point: a difference is a deposit or a withdrawal. */
  readonly netTransfersQuote: DecimalText | null;
  /** Up to five first values, net of transfers, while the baseline is being formed. */
  readonly samples: readonly DecimalText[];
  /** Number of the last finalised cohort. */
  readonly height: number;
  readonly latched: Latch | null;
  readonly latchedAtMs: EpochMs | null;
  /** Points up to here are processed. */
  readonly lastVenueTimeMs: EpochMs;
  /** 0: not stored yet. */
  readonly version: number;
}

export const newTakeProfitState = (exchange: string, account: string): TakeProfitState => ({
  exchange,
  account,
  baselineQuote: null,
  netTransfersQuote: null,
  samples: [],
  height: 0,
  latched: null,
  latchedAtMs: null,
  lastVenueTimeMs: 0,
  version: 0,
});

export interface EquityPoint {
  readonly venueTimeMs: EpochMs;
  readonly equityQuote: DecimalText;
  /** Deposits minus withdrawals since the beginning of the account. */
  readonly netTransfersQuote: DecimalText;
  readonly complete: boolean;
}

export type TakeProfitVerdict =
  | 'stale'
  | 'incomplete'
  | 'no-equity'
  | 'forming-baseline'
  | 'latched'
  | 'rearmed'
  | 'within'
  | Latch;

export interface TakeProfitStep {
  readonly state: TakeProfitState;
  readonly verdict: TakeProfitVerdict;
  /** Share of the baseline, 0.2 is +20 %; null where there is nothing to compare. */
  readonly change: number | null;
}

const BASELINE_SAMPLES = 5;

/**
 * One balance against the baseline (median of the first five values). A transfer moves the baseline so that the change stays
 * what it was (time-weighted return): baseline ← baseline × equity ÷ (equity − transfer).
 * change ≥ threshold: `take-profit`, a new height; change < −threshold ÷ reward_multiple: `drawdown`; both latch. An incomplete
 * balance decides nothing: a sub-account that cannot be read is not a loss.
 */
export function stepTakeProfit(
  before: TakeProfitState,
  point: EquityPoint,
  settings: TakeProfitSettings,
): TakeProfitStep {
  if (point.venueTimeMs <= before.lastVenueTimeMs) return { state: before, verdict: 'stale', change: null };
  if (!point.complete) {
    return { state: { ...before, lastVenueTimeMs: point.venueTimeMs }, verdict: 'incomplete', change: null };
  }
  const equity = dec(point.equityQuote);
  const state: TakeProfitState = {
    ...before,
    lastVenueTimeMs: point.venueTimeMs,
    netTransfersQuote: point.netTransfersQuote,
  };
  const transfer = dec(point.netTransfersQuote).minus(before.netTransfersQuote ?? point.netTransfersQuote);

  if (state.latched !== null) {
    const rearmAfterMs = settings.rearm_after_s === null ? null : settings.rearm_after_s * 1000;
    const due = rearmAfterMs !== null && point.venueTimeMs - (state.latchedAtMs ?? 0) >= rearmAfterMs;
    if (!due || equity.lte(0)) return { state, verdict: 'latched', change: null };
    return { state: { ...unlatched(state), baselineQuote: decimalText(equity) }, verdict: 'rearmed', change: null };
  }
  if (state.baselineQuote === null) return formBaseline(state, equity, point);

  const beforeTransfer = equity.minus(transfer);
  if (settings.threshold !== null && beforeTransfer.lte(0) && !transfer.isZero()) {
    // Lost everything, then paid in: the loss is real, and a baseline of the new money would hide it.
    return hit(state, 'drawdown', dec(-1), equity);
  }
  const moved = transfer.isZero()
    ? dec(state.baselineQuote)
    : dec(state.baselineQuote).times(equity).div(beforeTransfer);
  if (moved.lte(0)) {
    // Everything was withdrawn: no profit, no loss, nothing to compare with.
    return { state: { ...state, baselineQuote: null, samples: [] }, verdict: 'no-equity', change: null };
  }
  const change = equity.minus(moved).div(moved);
  const within = { ...state, baselineQuote: decimalText(moved.toSignificantDigits(20)) };
  if (settings.threshold === null) return { state: within, verdict: 'within', change: change.toNumber() };
  const drawdownLimit = dec(settings.threshold).div(settings.reward_multiple).neg();
  if (change.gte(settings.threshold)) return hit(state, 'take-profit', change, equity);
  if (change.lt(drawdownLimit)) return hit(state, 'drawdown', change, equity);
  return { state: within, verdict: 'within', change: change.toNumber() };
}

/** Clears a latched stop by a human's word: the baseline is formed anew from the next five values. */
export function rearmTakeProfit(state: TakeProfitState): TakeProfitState {
  return { ...unlatched(state), baselineQuote: null, samples: [] };
}

const unlatched = (state: TakeProfitState): TakeProfitState => ({ ...state, latched: null, latchedAtMs: null });

function hit(state: TakeProfitState, latch: Latch, change: Decimal, equity: Decimal): TakeProfitStep {
  return {
    state: {
      ...state,
      baselineQuote: equity.gt(0) ? decimalText(equity) : null,
      height: latch === 'take-profit' ? state.height + 1 : state.height,
      latched: latch,
      latchedAtMs: state.lastVenueTimeMs,
    },
    verdict: latch,
    change: change.toNumber(),
  };
}

function formBaseline(state: TakeProfitState, equity: Decimal, point: EquityPoint): TakeProfitStep {
  if (equity.lte(0)) return { state, verdict: 'no-equity', change: null };
  const samples = [...state.samples, decimalText(equity.minus(point.netTransfersQuote))];
  if (samples.length < BASELINE_SAMPLES)
    return { state: { ...state, samples }, verdict: 'forming-baseline', change: null };
  const median = samples.map(dec).sort((a, b) => a.cmp(b))[Math.floor(BASELINE_SAMPLES / 2)] ?? ZERO;
  const baseline = median.plus(point.netTransfersQuote);
  if (baseline.lte(0)) return { state: { ...state, samples: [] }, verdict: 'no-equity', change: null };
  return {
    state: { ...state, samples: [], baselineQuote: decimalText(baseline) },
    verdict: 'forming-baseline',
    change: equity.minus(baseline).div(baseline).toNumber(),
  };
}
