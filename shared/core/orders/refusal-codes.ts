import { QUORUM_CODES } from '../reconciliation/quorum.ts';
import { LIMIT_CODES } from '../risk/limits.ts';
import { KEY_REFUSED } from '../system/trading-key.ts';

/** Why an order was not taken, whatever the venue's own words for it: what the adapters turn them into. */
export const REJECTION_CODES = [
  'tick-size',
  'lot-size',
  'min-notional',
  'insufficient-margin',
  'reduce-only-would-increase',
  'post-only-would-match',
  'ioc-no-match',
  'trigger-price',
  'open-interest-cap',
  'price-too-far',
  'margin-tier',
  'too-many-open-orders',
  'not-tradable',
  'venue-closed',
  'rate-limited',
  KEY_REFUSED,
  // Never sent, or turned away before anybody looked at it.
  'off-grid',
  'expired',
  'not-sent',
  'breaker-open',
  'rate-budget',
  'configuration',
] as const;
/** `http-403`: the request as such was refused. */
export type RejectionCode = (typeof REJECTION_CODES)[number] | `http-${number}`;

/** Why the gateway ends an order before it is sent. */
export const GATE_REFUSALS = [
  ...LIMIT_CODES,
  'stale-epoch',
  'state-forbids',
  'symbol-on-hold',
  'unknown-instrument',
  'leverage-refused',
  'leverage-not-set',
  KEY_REFUSED,
] as const;
export type GateRefusal = (typeof GATE_REFUSALS)[number];

/** Why a human's order does not become one. */
export const HAND_REFUSALS = [
  ...QUORUM_CODES,
  'unknown-symbol',
  'off-lot',
  'off-tick',
  'order-in-flight',
  'would-flip',
  'not-managed',
  'on-hold',
  'position-unexplained',
  'market-closed',
  'price-stale',
  'price-invalid',
  'superseded',
  'stale-epoch',
] as const;
export type HandRefusal = (typeof HAND_REFUSALS)[number];
