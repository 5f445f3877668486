import type { DecimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';

/** What an order does to risk; system state gates orders by it (architecture, rule 3.6). */
export type OrderClass = 'open' | 'reduce' | 'protect' | 'cancel';
export type Side = 'buy' | 'sell';
/** HyperLiquid's words: add-liquidity-only, immediate-or-cancel, good-till-cancelled. */
export type TimeInForce = 'Alo' | 'Ioc' | 'Gtc';

/**
 * intent → sending → (open | partially-filled)* → filled | cancelled | rejected | expired, with `unknown` after a lost answer.
 * `intent`: stored, nothing left the machine. `sending`: a request may have left; after a crash it is read as `unknown`.
 */
export type OrderStatus =
  | 'intent'
  | 'sending'
  | 'unknown'
  | 'open'
  | 'partially-filled'
  | 'filled'
  | 'cancelled'
  | 'rejected'
  | 'expired';

export const END_STATUSES = ['filled', 'cancelled', 'rejected', 'expired'] as const;
export type EndStatus = (typeof END_STATUSES)[number];
export const isEnded = (status: OrderStatus): status is EndStatus =>
  (END_STATUSES as readonly string[]).includes(status);

/** `0x` + 32 hex: 4 bytes installation tag, then 12 bytes of SHA-256 over (account, symbol, epoch, leg). */
export type ClientOrderId = `0x${string}`;

/** What must be decided before anything leaves: written once, never changed. */
export interface OrderIntent {
  readonly clientOrderId: ClientOrderId;
  readonly exchange: string;
  readonly account: string;
  readonly symbol: string;
  /** The symbol's position epoch; one order decision per (account, symbol, epoch). */
  readonly epoch: number;
  /** 0 for the first order of the epoch; a widened exit re-send is the next epoch, not the next leg. */
  readonly leg: number;
  readonly decisionId: string;
  readonly orderClass: OrderClass;
  readonly side: Side;
  /** Base units, unsigned, whole lots. */
  readonly size: DecimalText;
  readonly limitPrice: DecimalText;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
  readonly createdAtMs: EpochMs;
  /** The venue refuses it after this time, and so do we. */
  readonly expiresAtMs: EpochMs;
  readonly correlationId: string;
}

/** The stored order: intent plus everything learned since. */
export interface Order extends OrderIntent {
  readonly status: OrderStatus;
  readonly venueOrderId: string | null;
  readonly filledSize: DecimalText;
  readonly averagePrice: DecimalText | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly sentAtMs: EpochMs | null;
  readonly answeredAtMs: EpochMs | null;
  readonly endedAtMs: EpochMs | null;
  /** Venue time of the event that ended it, or of the expiry after which it could not be taken any more; null where nothing left us. */
  readonly venueEndedAtMs: EpochMs | null;
}

declare const approved: unique symbol;
/** Only `core/risk/limits.ts` makes one: an unchecked order does not compile (barter's RiskApproved). */
export type ApprovedOrder = OrderIntent & { readonly [approved]: true };
