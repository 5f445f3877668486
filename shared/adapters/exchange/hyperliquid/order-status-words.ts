import type { VenueOrderStatus } from '#shared/ports/exchange.ts';

/**
 * The venue's words for the state of an order, all of them. A word that is not here is a malformed reply: guessing that an
 * order is over would open a second one.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#query-order-status-by-oid-or-cloid
 */
const WORDS: Readonly<Record<string, readonly [VenueOrderStatus, endCode?: string]>> = {
  open: ['open'],
  triggered: ['open'],
  filled: ['filled'],
  canceled: ['cancelled', 'cancelled'],
  marginCanceled: ['cancelled', 'margin-cancelled'],
  vaultWithdrawalCanceled: ['cancelled', 'vault-withdrawal'],
  openInterestCapCanceled: ['cancelled', 'open-interest-cap'],
  selfTradeCanceled: ['cancelled', 'self-trade'],
  reduceOnlyCanceled: ['cancelled', 'reduce-only-would-increase'],
  siblingFilledCanceled: ['cancelled', 'sibling-filled'],
  delistedCanceled: ['cancelled', 'not-tradable'],
  liquidatedCanceled: ['cancelled', 'liquidated'],
  scheduledCancel: ['cancelled', 'scheduled-cancel'],
  rejected: ['rejected'],
  tickRejected: ['rejected', 'tick-size'],
  minTradeNtlRejected: ['rejected', 'min-notional'],
  perpMarginRejected: ['rejected', 'insufficient-margin'],
  reduceOnlyRejected: ['rejected', 'reduce-only-would-increase'],
  badAloPxRejected: ['rejected', 'post-only-would-match'],
  iocCancelRejected: ['rejected', 'ioc-no-match'],
  badTriggerPxRejected: ['rejected', 'trigger-price'],
  marketOrderNoLiquidityRejected: ['rejected', 'ioc-no-match'],
  positionIncreaseAtOpenInterestCapRejected: ['rejected', 'open-interest-cap'],
  positionFlipAtOpenInterestCapRejected: ['rejected', 'open-interest-cap'],
  tooAggressiveAtOpenInterestCapRejected: ['rejected', 'price-too-far'],
  openInterestIncreaseRejected: ['rejected', 'open-interest-cap'],
  insufficientSpotBalanceRejected: ['rejected', 'insufficient-margin'],
  oracleRejected: ['rejected', 'price-too-far'],
  perpMaxPositionRejected: ['rejected', 'margin-tier'],
};

/** Null for a word that is not known. An open order that was partly filled says so. `endCode`: as in VenueOrder. */
export function readStatusWord(
  word: string,
  remaining: string,
  original: string,
): { readonly status: VenueOrderStatus; readonly endCode?: string | undefined } | null {
  const known = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (known === undefined) return null;
  const [status, endCode] = known;
  return { status: status === 'open' && remaining !== original ? 'partially-filled' : status, endCode };
}
