import type { DecimalText } from '#shared/core/decimal.ts';
import type { OwnOrders } from '#shared/core/orders/foreign-changes.ts';
import type { ClientOrderId, EndStatus, Order, OrderStatus } from '#shared/core/orders/order.ts';
import type { Refusals } from '#shared/core/orders/refusals.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { VenueFill } from '#shared/ports/exchange.ts';
import type { Lease } from './leases-repository.ts';

export interface PositionEpoch {
  readonly exchange: string;
  readonly account: string;
  readonly symbol: string;
  readonly epoch: number;
  readonly settledAtMs: EpochMs;
  readonly holdReason: string | null;
  readonly heldAtMs: EpochMs | null;
  readonly exitAttempts: number;
  /** Leverage that the venue confirmed for the symbol; null or absent when it was never set by us. */
  readonly leverageSet?: number | null;
  /** When a human last adopted the position as it was; foreign changes before it are settled. */
  readonly adoptedAtMs?: EpochMs | null;
  readonly refusals: Refusals;
}

export interface OutboxRow {
  readonly clientOrderId: ClientOrderId;
  readonly exchange: string;
  readonly account: string;
  /** JSON of `OrderCommand`. */
  readonly body: string;
  readonly createdAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  readonly enqueuedAtMs: EpochMs | null;
  readonly attempts: number;
}

/** How an order ended, as learned from the venue, or from its expiry before anything was sent. */
export interface OrderEnd {
  readonly clientOrderId: ClientOrderId;
  readonly status: EndStatus;
  readonly filledSize: DecimalText;
  readonly averagePrice: DecimalText | null;
  /** Venue time of the ending event; null when the venue never saw the order (settledAtMs then stays). */
  readonly venueEndedAtMs: EpochMs | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** Ends it only while its status is one of these: what was sent in the meantime is left alone. */
  readonly onlyFrom?: readonly OrderStatus[];
}

export interface NewFill extends VenueFill {
  /** An intent of ours explains it. */
  readonly ours: boolean;
  readonly holdReason?: string | null;
}

/** A stored fill of the account. */
export interface StoredFill extends VenueFill {
  readonly account: string;
  /** An intent of ours explains it. */
  readonly ours: boolean;
}

/** Orders, outbox, epochs and fills: every method is one transaction. Orders begin in a cycle (reconciliation-repository.ts). */
export interface OrdersRepository {
  find(clientOrderId: ClientOrderId): Promise<Order | null>;
  findByIdempotencyKey(key: string): Promise<{ readonly order: Order; readonly requestHash: string } | null>;
  /**
   * intent → sending, in one write with its conditions: at `atMs` the writer's lease is ours (newest fence, unexpired) and the
   * system state permits the order's class. False when one of them does not hold, the first that the order is still an intent.
   */
  markSending(
    order: Pick<Order, 'clientOrderId' | 'exchange' | 'orderClass'>,
    lease: Lease,
    atMs: EpochMs,
  ): Promise<boolean>;
  /** Answer of the venue that did not end the order: open, partially-filled, unknown. Never moves an ended order. */
  recordAnswer(
    clientOrderId: ClientOrderId,
    answer: {
      readonly status: 'open' | 'partially-filled' | 'unknown';
      readonly venueOrderId: string | null;
      readonly filledSize: DecimalText;
      readonly averagePrice: DecimalText | null;
      readonly errorCode: string | null;
      readonly errorMessage: string | null;
    },
    atMs: EpochMs,
  ): Promise<void>;
  /**
   * Ends the order, acknowledges its outbox row, raises the epoch, sets settledAtMs; false when it had ended before, or its
   * status is not in `onlyFrom`. Raises exitAttempts when a reduction found nothing within its price; a full fill sets them
   * to 0, and so does an order of another class. Counts refusals in a row (core/orders/refusals): too many of them put the symbol on HOLD.
   */
  recordEnd(end: OrderEnd, atMs: EpochMs): Promise<boolean>;
  /** Orders that are not ended, oldest first, at most 1000. */
  working(exchange: string, account: string): Promise<readonly Order[]>;
  /** Unacknowledged and unexpired, oldest first. */
  pendingOutbox(exchange: string, nowMs: EpochMs, limit: number): Promise<readonly OutboxRow[]>;
  /** Unacknowledged and expired, with the status of their orders, oldest first. */
  expiredOutbox(
    exchange: string,
    nowMs: EpochMs,
    limit: number,
  ): Promise<readonly { readonly clientOrderId: ClientOrderId; readonly status: OrderStatus }[]>;
  /** Put on the queue once more: counts an attempt. */
  markEnqueued(clientOrderIds: readonly ClientOrderId[], atMs: EpochMs): Promise<void>;
  ackOutbox(clientOrderId: ClientOrderId, atMs: EpochMs): Promise<void>;
  /** Symbols without a row have epoch 0, settled at 0. */
  epochs(exchange: string, account: string): Promise<readonly PositionEpoch[]>;
  /** One symbol's epoch; that of epoch 0 when it has no row. */
  epoch(exchange: string, account: string, symbol: string): Promise<PositionEpoch>;
  /** The orders of ours, ended or not, that have one of these ids. One statement for all. */
  ownOrders(
    exchange: string,
    account: string,
    ids: { readonly clientOrderIds: readonly string[]; readonly venueOrderIds: readonly string[] },
  ): Promise<OwnOrders>;
  /**
   * Stores new fills (duplicates ignored) and returns those that were new. A new one with a `holdReason` puts its symbol on HOLD
   * in the same transaction: a crash cannot separate the two.
   */
  saveFills(exchange: string, account: string, fills: readonly NewFill[], atMs: EpochMs): Promise<readonly VenueFill[]>;
  /** All stored fills of these orders, oldest first. One statement. */
  orderFills(
    exchange: string,
    account: string,
    ids: { readonly clientOrderIds: readonly string[]; readonly venueOrderIds: readonly string[] },
  ): Promise<readonly StoredFill[]>;
  /** Of every symbol, later than `sinceMs`, oldest first. One statement. */
  fillsSince(exchange: string, account: string, sinceMs: EpochMs, limit: number): Promise<readonly StoredFill[]>;
  newestFillMs(exchange: string, account: string): Promise<EpochMs | null>;
  /** Fills of the newest venue time of each symbol that has an epoch row. One statement. */
  lastFills(exchange: string, account: string): Promise<readonly StoredFill[]>;
  /** Of all fills since 00:00 UTC of `nowMs`; fees are not part of the profit. Rounded to millionths per fill. */
  dayTotals(
    exchange: string,
    account: string,
    nowMs: EpochMs,
  ): Promise<{ readonly realizedPnlQuote: DecimalText; readonly feesQuote: DecimalText }>;
  /** The venue confirmed this leverage. */
  recordLeverage(exchange: string, account: string, symbol: string, leverage: number, atMs: EpochMs): Promise<void>;
  /** HOLD after a foreign change (the first reason stays); release clears it, and the count of refusals with it. */
  hold(exchange: string, account: string, symbol: string, reason: string, atMs: EpochMs): Promise<void>;
  release(exchange: string, account: string, symbol: string, atMs: EpochMs): Promise<void>;
  /** Clears a HOLD and settles foreign changes up to `atMs`. */
  adopt(exchange: string, account: string, symbol: string, atMs: EpochMs): Promise<void>;
}
