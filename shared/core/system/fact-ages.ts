import { judgeAge } from '../age.ts';
import type { QuorumSection } from '../reconciliation/cycle-settings.ts';
import type { OrderLimits } from '../risk/limits.ts';

/**
 * Milliseconds beyond which a fact does not count any more: the gates refuse by these, `/ready` fails by them and the page turns a
 * number grey by them, so that nothing looks well while it is refused.
 */
export interface FactAges {
  /** Newer of last trade and mark price. */
  readonly priceMs: number;
  readonly markMs: number;
  /** Money and positions, from whatever source. */
  readonly accountMs: number;
  /** How far the time of an account's view may lie ahead of ours. */
  readonly futureMs: number;
}

export const factAges = (
  limits: Pick<OrderLimits, 'max_price_age_s' | 'max_mark_age_s'>,
  quorum: Pick<QuorumSection, 'max_age_s' | 'future_tolerance_s'>,
): FactAges => ({
  priceMs: limits.max_price_age_s * 1000,
  markMs: limits.max_mark_age_s * 1000,
  accountMs: quorum.max_age_s * 1000,
  futureMs: quorum.future_tolerance_s * 1000,
});

/** True for what is too old, and for what claims to come from the future. Without `ages` by the tolerance of the price gates. */
export const isStale = (ageMs: number, maxMs: number, ages?: Pick<FactAges, 'futureMs'>): boolean =>
  judgeAge(ageMs, maxMs, ages?.futureMs) !== 'fresh';
