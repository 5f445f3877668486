import type { Instrument } from '../market/instrument.ts';

export interface LeveragePolicy {
  /** `limits.max_leverage`. */
  readonly maxLeverage: number;
  /** Ceiling on HIP-3 dexes: see {@link hip3Leverage}. */
  readonly hip3Leverage: number;
}

/** The original's rule for HIP-3 symbols: floor(1 / (take_profit.threshold / reward_multiple)), at least 1; 5 by default. */
export const hip3Leverage = (takeProfitThreshold: number, rewardMultiple: number): number =>
  Math.max(1, Math.floor(rewardMultiple / takeProfitThreshold));

/**
 * Leverage to give a symbol before its first opening order, and whether its margin is isolated (where the instrument knows no other).
 * What the operator configured is kept, so that a value above the limit is refused aloud instead of lowered in silence;
 * without one it is the largest that every rule allows.
 */
export function targetLeverage(
  instrument: Pick<Instrument, 'marginMode' | 'maxLeverage'>,
  configured: number | null,
  policy: LeveragePolicy,
): { readonly leverage: number; readonly isolated: boolean } {
  const isolated = instrument.marginMode === 'isolated';
  const ceiling = Math.floor(Math.min(instrument.maxLeverage, policy.maxLeverage));
  const wanted = configured ?? ceiling;
  return { leverage: isolated ? Math.min(wanted, policy.hip3Leverage) : wanted, isolated };
}
