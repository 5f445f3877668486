import type { DecimalText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Listed } from '#shared/core/odd-row.ts';
import type { ApprovedOrder, ClientOrderId, OrderClass, Side } from '#shared/core/orders/order.ts';
import type { RejectionCode } from '#shared/core/orders/refusal-codes.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import type { KeyCheck } from '#shared/core/system/trading-key.ts';
import type { EpochMs, Timeframe } from '#shared/core/time.ts';

/** Why a call to the venue failed. `rate-limited`, `timeout`, `network`, `unavailable`, `breaker-open` may pass on their own. */
export const EXCHANGE_ERROR_KINDS = [
  'timeout',
  'network',
  'dns',
  'ssl',
  'rate-limited',
  'unavailable',
  'breaker-open',
  'malformed-reply',
  'rejected',
  'auth',
  'configuration',
  /** The venue knows no right of the key that signed. */
  'key-refused',
  /** A fault of our own code: it says nothing about the venue, and trying again would only repeat it. */
  'bug',
] as const;
export type ExchangeErrorKind = (typeof EXCHANGE_ERROR_KINDS)[number];

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: ExchangeErrorKind;
  readonly retryable: boolean;
  /** False only when it is certain that no byte of the request reached the venue. */
  readonly mayHaveReachedVenue: boolean;
  constructor(
    kind: ExchangeErrorKind,
    message: string,
    flags: { retryable: boolean; mayHaveReachedVenue: boolean },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.kind = kind;
    this.retryable = flags.retryable;
    this.mayHaveReachedVenue = flags.mayHaveReachedVenue;
  }
}

export interface MarkPrice {
  readonly symbol: string;
  readonly markPrice: DecimalText;
  readonly midPrice: DecimalText | null;
  readonly observedAtMs: EpochMs;
}

/** Public data over REST; needs no key. */
export interface MarketDataSource {
  /** Every perpetual of each sub-account; throws rather than leave a sub-account out. */
  loadInstruments(): Promise<Listed<Instrument>>;
  /** Bars whose open time lies in [fromMs, toMs], oldest first, at most 5000; the running bar has `final: false`. */
  fetchCandles(symbol: string, timeframe: Timeframe, fromMs: EpochMs, toMs: EpochMs): Promise<Listed<Candle>>;
  fetchMarkPrices(): Promise<Listed<MarkPrice>>;
}

export type VenueOrderStatus = 'open' | 'partially-filled' | 'filled' | 'cancelled' | 'rejected' | 'expired';

export interface VenueOrder {
  readonly symbol: string;
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
  readonly side: Side;
  readonly originalSize: DecimalText;
  readonly remainingSize: DecimalText;
  readonly limitPrice: DecimalText;
  readonly status: VenueOrderStatus;
  /** The venue's own word for the status, for the record. */
  readonly venueStatus: string;
  /** Why it ended, in the codes of {@link SubmitOutcome}; `cancelled` for what an IOC order left over. Absent while it is open, or for a word that says no more than its status. */
  readonly endCode?: string | undefined;
  /** Venue time of the status. */
  readonly statusTimeMs: EpochMs;
}

/** One of our trades. Identity: (exchange, tradeId, venueOrderId). */
export interface VenueFill {
  readonly symbol: string;
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
  readonly side: Side;
  readonly price: DecimalText;
  readonly size: DecimalText;
  /** As it was paid; negative for a rebate. Null in what a release before stored. */
  readonly fee: { readonly amount: DecimalText; readonly currency: string } | null;
  /** Null: paid in something else than quote, so that its worth is unknown. */
  readonly feeQuote: DecimalText | null;
  readonly closedPnlQuote: DecimalText;
  /** Signed position before this fill; null where the venue does not say. */
  readonly startPosition: DecimalText | null;
  readonly crossed: boolean;
  readonly liquidation: boolean;
  readonly venueTimeMs: EpochMs;
}

export interface VenueTransfer {
  readonly id: string;
  /** Signed: deposits positive. */
  readonly amountQuote: DecimalText;
  readonly venueTimeMs: EpochMs;
}

export type OrderLookup = { readonly kind: 'found'; readonly order: VenueOrder } | { readonly kind: 'not-found' };

/** One answer about fills, oldest first. */
export interface FillsPage extends Listed<VenueFill> {
  /** Where the next page begins; null when nothing was cut off. */
  readonly nextFromMs: EpochMs | null;
}

/** An order as the venue remembers it, ended or not. */
export interface RecentOrder {
  readonly clientOrderId: ClientOrderId;
  /** Venue time of its acceptance or refusal. */
  readonly venueTimeMs: EpochMs;
}

/** Private reads: by wallet address, no trading key. All throw `ExchangeError`; none guesses. A list that is odd in one row is not odd. */
export interface AccountReader {
  fetchAccountState(account: string): Promise<AccountState>;
  fetchOpenOrders(account: string): Promise<Listed<VenueOrder>>;
  /** `not-found` is the venue's word now; whether it means "never accepted" is decided in core/orders. */
  fetchOrder(account: string, symbol: string, clientOrderId: ClientOrderId): Promise<OrderLookup>;
  /** From `sinceMs`, of these symbols and of any other that the venue tells without being asked. At most 2000 a page. */
  fetchFills(account: string, symbols: readonly string[], sinceMs: EpochMs): Promise<FillsPage>;
  fetchTransfers(account: string, sinceMs: EpochMs): Promise<Listed<VenueTransfer>>;
  /**
   * The newest orders of the account that bear a client order id, whatever became of them, as far back as the venue shows; none where the
   * venue keeps its books in our own database.
   */
  fetchRecentOrders(account: string): Promise<readonly RecentOrder[]>;
}

/** The three answers of an order (architecture, rule 3.5). */
export type SubmitOutcome =
  | {
      readonly kind: 'accepted';
      readonly venueOrderId: string;
      readonly state: 'resting' | 'filled';
      readonly filledSize: DecimalText;
      readonly averagePrice: DecimalText | null;
    }
  | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly message: string }
  | { readonly kind: 'unknown'; readonly errorKind: ExchangeErrorKind; readonly message: string };

export type CancelOutcome =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'not-open'; readonly message: string }
  /** `code`: why the venue refused the request as such, where it is known. */
  | { readonly kind: 'unknown'; readonly message: string; readonly code?: string };

/** Needs the trading key: only the order gateway is given one. Never throws for what the venue answers. */
export interface OrderVenue {
  /** One order a request; `expiresAtMs` travels as the venue's own expiry. Not retried by the adapter. */
  submitOrder(order: ApprovedOrder): Promise<SubmitOutcome>;
  cancelOrder(
    account: string,
    symbol: string,
    clientOrderId: ClientOrderId,
    orderClass: OrderClass,
  ): Promise<CancelOutcome>;
  /** Throws `ExchangeError`; of kind `key-refused` when the venue does not let the key sign. */
  setLeverage(account: string, symbol: string, leverage: number, isolated: boolean): Promise<void>;
  /** Whether the account's key may sign, without signing anything. Never throws. */
  checkKey(account: string): Promise<KeyCheck>;
}
