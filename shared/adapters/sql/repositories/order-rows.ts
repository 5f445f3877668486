import { type Insertable, type Selectable, sql } from 'kysely';
import { type DecimalText, decimalText, toMicros } from '#shared/core/decimal.ts';
import type { ClientOrderId, Order, OrderClass, OrderIntent, OrderStatus } from '#shared/core/orders/order.ts';
import { NO_REFUSALS, type Refusals } from '#shared/core/orders/refusals.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { NewFill, PositionEpoch, StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { Database } from '../database.ts';

/** MySQL pads decimals to the column's scale; the platform knows one spelling of a number. */
const plain = (value: string): DecimalText => decimalText(value);
const plainOrNull = (value: string | null): DecimalText | null => (value === null ? null : decimalText(value));

export const decodeOrder = (row: Selectable<Database['order_execution_log']>): Order => ({
  clientOrderId: row.client_order_id as ClientOrderId,
  exchange: row.exchange,
  account: row.account,
  symbol: row.symbol,
  epoch: row.epoch,
  leg: row.leg,
  decisionId: row.decision_id,
  orderClass: row.order_class as OrderClass,
  side: row.side as Order['side'],
  size: plain(row.size),
  limitPrice: plain(row.limit_price),
  timeInForce: row.time_in_force as Order['timeInForce'],
  reduceOnly: row.reduce_only === 1,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  correlationId: row.correlation_id,
  status: row.status as OrderStatus,
  venueOrderId: row.venue_order_id,
  filledSize: plain(row.filled_size),
  averagePrice: plainOrNull(row.average_price),
  errorCode: row.error_code,
  errorMessage: row.error_message,
  sentAtMs: row.sent_at_ms,
  answeredAtMs: row.answered_at_ms,
  endedAtMs: row.ended_at_ms,
  venueEndedAtMs: row.venue_ended_at_ms,
});

/** The row of a new intent. `bornAtMs`: receive time of the tick that led to it. */
export const encodeIntent = (
  intent: OrderIntent,
  bornAtMs: EpochMs,
  idempotency: { readonly key: string; readonly requestHash: string } | null,
): Insertable<Database['order_execution_log']> => ({
  client_order_id: intent.clientOrderId,
  exchange: intent.exchange,
  account: intent.account,
  symbol: intent.symbol,
  epoch: intent.epoch,
  leg: intent.leg,
  decision_id: intent.decisionId,
  order_class: intent.orderClass,
  side: intent.side,
  size: intent.size,
  limit_price: intent.limitPrice,
  time_in_force: intent.timeInForce,
  reduce_only: intent.reduceOnly ? 1 : 0,
  status: 'intent',
  venue_order_id: null,
  filled_size: '0',
  average_price: null,
  error_code: null,
  error_message: null,
  idempotency_key: idempotency?.key ?? null,
  request_hash: idempotency?.requestHash ?? null,
  created_at_ms: intent.createdAtMs,
  expires_at_ms: intent.expiresAtMs,
  sent_at_ms: null,
  answered_at_ms: null,
  ended_at_ms: null,
  venue_ended_at_ms: null,
  correlation_id: intent.correlationId,
  born_at_ms: bornAtMs,
});

/** The row of an intent's command, never yet put on the queue. */
export const encodeOutbox = (intent: OrderIntent, body: string): Insertable<Database['order_outbox']> => ({
  client_order_id: intent.clientOrderId,
  exchange: intent.exchange,
  account: intent.account,
  body,
  created_at_ms: intent.createdAtMs,
  expires_at_ms: intent.expiresAtMs,
  enqueued_at_ms: null,
  attempts: 0,
  acked_at_ms: null,
});

/** What an order learned since its intent: the columns that change. */
export const learnedColumns = (order: Order) => ({
  status: order.status,
  venue_order_id: order.venueOrderId,
  filled_size: order.filledSize,
  average_price: order.averagePrice,
  error_code: order.errorCode,
  error_message: order.errorMessage,
  sent_at_ms: order.sentAtMs,
  answered_at_ms: order.answeredAtMs,
  ended_at_ms: order.endedAtMs,
  venue_ended_at_ms: order.venueEndedAtMs,
});

export const decodeEpoch = (row: Selectable<Database['position_epochs']>): PositionEpoch => ({
  exchange: row.exchange,
  account: row.account,
  symbol: row.symbol,
  epoch: row.epoch,
  settledAtMs: row.settled_at_ms,
  holdReason: row.hold_reason,
  heldAtMs: row.held_at_ms,
  exitAttempts: row.exit_attempts,
  leverageSet: row.leverage_set,
  adoptedAtMs: row.adopted_at_ms,
  refusals: decodeRefusals(row),
});

export const decodeRefusals = (row: {
  readonly refusals: number | null;
  readonly refusal_code: string | null;
  readonly refused_at_ms: number | null;
}): Refusals => ({ count: row.refusals ?? 0, code: row.refusal_code, atMs: row.refused_at_ms });

export const firstEpoch = (exchange: string, account: string, symbol: string): PositionEpoch => ({
  exchange,
  account,
  symbol,
  epoch: 0,
  settledAtMs: 0,
  holdReason: null,
  heldAtMs: null,
  exitAttempts: 0,
  leverageSet: null,
  adoptedAtMs: null,
  refusals: NO_REFUSALS,
});

export const decodeFill = (row: Selectable<Database['fills']>): StoredFill => ({
  account: row.account,
  symbol: row.symbol,
  tradeId: row.trade_id,
  venueOrderId: row.venue_order_id,
  clientOrderId: row.client_order_id as ClientOrderId | null,
  side: row.side as StoredFill['side'],
  price: plain(row.price),
  size: plain(row.size),
  fee:
    row.fee_amount === null || row.fee_currency === null
      ? null
      : { amount: plain(row.fee_amount), currency: row.fee_currency },
  feeQuote: row.fee_unknown === 1 ? null : plain(row.fee_quote),
  closedPnlQuote: plain(row.closed_pnl_quote),
  startPosition: row.start_unknown === 1 ? null : plain(row.start_position),
  crossed: row.crossed === 1,
  liquidation: row.liquidation === 1,
  ours: row.ours === 1,
  venueTimeMs: row.venue_time_ms,
});

/** Columns of a fill besides exchange, account and stored_at_ms, as they travel in a JSON parameter. */
export const FILL_COLUMNS = {
  trade_id: 'text',
  venue_order_id: 'text',
  client_order_id: 'text',
  symbol: 'text',
  side: 'text',
  price: 'text',
  size: 'text',
  fee_quote: 'text',
  fee_unknown: 'int',
  fee_amount: 'text',
  fee_currency: 'text',
  closed_pnl_quote: 'text',
  start_position: 'text',
  start_unknown: 'int',
  fee_micros: 'bigint',
  closed_pnl_micros: 'bigint',
  crossed: 'int',
  liquidation: 'int',
  ours: 'int',
  venue_time_ms: 'bigint',
} as const;

export const encodeFill = (fill: NewFill) => ({
  trade_id: fill.tradeId,
  venue_order_id: fill.venueOrderId,
  client_order_id: fill.clientOrderId,
  symbol: fill.symbol,
  side: fill.side,
  price: fill.price,
  size: fill.size,
  fee_quote: fill.feeQuote ?? '0',
  fee_unknown: fill.feeQuote === null ? 1 : 0,
  fee_amount: fill.fee?.amount ?? null,
  fee_currency: fill.fee?.currency ?? null,
  closed_pnl_quote: fill.closedPnlQuote,
  start_position: fill.startPosition ?? '0',
  start_unknown: fill.startPosition === null ? 1 : 0,
  fee_micros: toMicros(fill.feeQuote ?? '0'),
  closed_pnl_micros: toMicros(fill.closedPnlQuote),
  crossed: fill.crossed ? 1 : 0,
  liquidation: fill.liquidation ? 1 : 0,
  ours: fill.ours ? 1 : 0,
  venue_time_ms: fill.venueTimeMs,
});

/** The columns of a symbol whose orders are taken. */
export const NOTHING_REFUSED = { refusals: 0, refusal_code: null, refused_at_ms: null };

/** A new row of `position_epochs`: epoch 0, nothing held. */
export const encodeFirstEpoch = (exchange: string, account: string, symbol: string, atMs: EpochMs) => ({
  exchange,
  account,
  symbol,
  epoch: 0,
  settled_at_ms: 0,
  hold_reason: null,
  held_at_ms: null,
  exit_attempts: 0,
  leverage_set: null,
  adopted_at_ms: null,
  ...NOTHING_REFUSED,
  updated_at_ms: atMs,
});

/** In an upsert of `position_epochs`: the first reason of a HOLD stays. `hold_reason` itself must be assigned last. */
export const ifNotHeld = <T = never>(column: 'held_at_ms' | 'hold_reason') =>
  sql<T>`case when position_epochs.hold_reason is null then values(${sql.ref(column)}) else ${sql.ref(`position_epochs.${column}`)} end`;
