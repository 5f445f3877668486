import type { DecimalText } from '../decimal.ts';
import type { HoldReason } from '../orders/foreign-changes.ts';

/**
 * What is still to be settled about a symbol that became managed. `unchecked`: nobody has looked yet whether a position of somebody
 * else is there, so nothing is traded. `closing`: the operator asked to close what is there; the desired position is zero until it is flat.
 */
export type Takeover = 'unchecked' | 'closing';

/** Why a symbol starts on HOLD: it was added while it held a position that 3T did not open, or that was released. Nothing is traded there, not even an exit. */
export const NOT_OURS = 'position-not-ours' satisfies HoldReason;

/** What a human may answer to it. */
export const takeoverChoices = (symbol: string): string =>
  `\`3t symbols add ${symbol} --adopt\` (3T goes on from it), \`3t symbols add ${symbol} --close\` (3T closes it and goes on from flat) or \`3t release ${symbol} --reason …\` (it stays yours); until then it stays on HOLD`;

/** The alert of such a HOLD, whoever found the position: one episode for each symbol. */
export const notOursAlert = (at: {
  readonly exchange: string;
  readonly account: string;
  readonly symbol: string;
  readonly size: DecimalText;
}) => ({
  id: `hold:${at.exchange}:${at.account}:${at.symbol}:${NOT_OURS}`,
  kind: NOT_OURS,
  severity: 'critical' as const,
  exchange: at.exchange,
  symbol: at.symbol,
  message: `${at.symbol} is on HOLD: it holds a position that is not 3T's, which is not traded; choose ${takeoverChoices(at.symbol)}`,
  detail: { size: at.size },
});
