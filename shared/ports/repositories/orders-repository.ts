import type { DecimalText } from '#shared/core/decimal.ts';
import type { ClientOrderId, EndStatus, Order, OrderIntent } from '#shared/core/orders/order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { VenueFill } from '#shared/ports/exchange.ts';

export interface PositionEpoch {
  readonly exchange: string;
  readonly account: string;
  readonly symbol: string;
  readonly epoch: number;
  readonly settledAtMs: EpochMs;
  readonly holdReason: string | null;
  readonly heldAtMs: EpochMs | null;
  readonly exitAttempts: number;
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
}

/** Orders, outbox, epochs and fills: every method is one transaction. */
export interface OrdersRepository {
  /**
   * Stores an intent, its outbox row and nothing else, or reports who was first: `superseded` when (account, symbol, epoch, leg)
   * is taken by another order, `stale-epoch` when the symbol's epoch is no longer the intent's.
   */
  storeIntent(
    intent: OrderIntent,
    outboxBody: string,
    idempotency: { readonly key: string; readonly requestHash: string } | null,
  ): Promise<'stored' | 'superseded' | 'stale-epoch'>;
  find(clientOrderId: ClientOrderId): Promise<Order | null>;
  findByIdempotencyKey(key: string): Promise<{ readonly order: Order; readonly requestHash: string } | null>;
  /** intent → sending; false when the order was not an intent any more (someone sent or ended it). */
  markSending(clientOrderId: ClientOrderId, atMs: EpochMs): Promise<boolean>;
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
  /** Ends the order, acknowledges its outbox row, raises the epoch, sets settledAtMs; false when it had ended before. */
  recordEnd(end: OrderEnd, atMs: EpochMs): Promise<boolean>;
  /** Orders that are not ended, oldest first. */
  working(exchange: string, account: string): Promise<readonly Order[]>;
  pendingOutbox(exchange: string, nowMs: EpochMs, limit: number): Promise<readonly OutboxRow[]>;
  markEnqueued(clientOrderIds: readonly ClientOrderId[], atMs: EpochMs): Promise<void>;
  ackOutbox(clientOrderId: ClientOrderId, atMs: EpochMs): Promise<void>;
  epochs(exchange: string, account: string): Promise<readonly PositionEpoch[]>;
  /** Stores new fills (duplicates ignored) and returns those that were new. */
  saveFills(
    exchange: string,
    account: string,
    fills: readonly (VenueFill & { readonly ours: boolean })[],
    atMs: EpochMs,
  ): Promise<readonly VenueFill[]>;
  newestFillMs(exchange: string, account: string): Promise<EpochMs | null>;
  /** HOLD after a foreign change; release clears it. */
  hold(exchange: string, account: string, symbol: string, reason: string, atMs: EpochMs): Promise<void>;
  release(exchange: string, account: string, symbol: string, atMs: EpochMs): Promise<void>;
  recent(exchange: string, limit: number): Promise<readonly Order[]>;
}
