import type { VenueOrderStatus } from '#shared/ports/exchange.ts';

/**
 * The venue's words for the state of an order, all of them. A word that is not here is a malformed reply: guessing that an
 * order is over would open a second one.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#query-order-status-by-oid-or-cloid
 */
const WORDS: Readonly<Record<string, VenueOrderStatus>> = {
  open: 'open',
  triggered: 'open',
  filled: 'filled',
  canceled: 'cancelled',
  marginCanceled: 'cancelled',
  vaultWithdrawalCanceled: 'cancelled',
  openInterestCapCanceled: 'cancelled',
  selfTradeCanceled: 'cancelled',
  reduceOnlyCanceled: 'cancelled',
  siblingFilledCanceled: 'cancelled',
  delistedCanceled: 'cancelled',
  liquidatedCanceled: 'cancelled',
  scheduledCancel: 'cancelled',
  rejected: 'rejected',
  tickRejected: 'rejected',
  minTradeNtlRejected: 'rejected',
  perpMarginRejected: 'rejected',
  reduceOnlyRejected: 'rejected',
  badAloPxRejected: 'rejected',
  iocCancelRejected: 'rejected',
  badTriggerPxRejected: 'rejected',
  marketOrderNoLiquidityRejected: 'rejected',
  positionIncreaseAtOpenInterestCapRejected: 'rejected',
  positionFlipAtOpenInterestCapRejected: 'rejected',
  tooAggressiveAtOpenInterestCapRejected: 'rejected',
  openInterestIncreaseRejected: 'rejected',
  insufficientSpotBalanceRejected: 'rejected',
  oracleRejected: 'rejected',
  perpMaxPositionRejected: 'rejected',
};

/** Null for a word that is not known. An open order that was partly filled says so. */
export function readStatusWord(word: string, remaining: string, original: string): VenueOrderStatus | null {
  const status = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (status === undefined) return null;
  return status === 'open' && remaining !== original ? 'partially-filled' : status;
}
