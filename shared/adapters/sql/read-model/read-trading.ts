import type { Selectable } from 'kysely';
import { decimalText } from '#shared/core/decimal.ts';
import { END_STATUSES } from '#shared/core/orders/order.ts';
import type { DecisionView, ReadModel } from '#shared/ports/repositories/read-model.ts';
import type { Database } from '../database.ts';
import type { Db } from '../open-database.ts';
import { decodeFill, decodeOrder } from '../repositories/order-rows.ts';

type DecisionRow = Selectable<Database['decisions']>;

export const plainOrNull = (value: string | null): string | null => (value === null ? null : decimalText(value));

/** Inputs that cannot be parsed are absent: the columns still tell what was decided. */
export function parseInputs(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export const decodeDecision = (row: Omit<DecisionRow, 'inputs_json'>, inputsJson: string | null): DecisionView => ({
  id: row.id,
  cycleId: row.cycle_id,
  symbol: row.symbol,
  epoch: row.epoch,
  kind: row.kind,
  code: row.code,
  message: row.message,
  desiredSize: plainOrNull(row.desired_size),
  actualSize: plainOrNull(row.actual_size),
  clientOrderId: row.client_order_id,
  inputs: inputsJson === null ? null : parseInputs(inputsJson),
  correlationId: row.correlation_id,
  episodeCount: row.episode_count,
  createdAtMs: row.created_at_ms,
  lastAtMs: row.last_at_ms,
});

const WITHOUT_INPUTS = [
  'id',
  'cycle_id',
  'exchange',
  'account',
  'symbol',
  'epoch',
  'kind',
  'code',
  'message',
  'desired_size',
  'actual_size',
  'client_order_id',
  'correlation_id',
  'episode_count',
  'created_at_ms',
  'last_at_ms',
] as const;

type Trading = Pick<ReadModel, 'orders' | 'order' | 'fills' | 'chain' | 'decisions' | 'decision' | 'latestDecision'>;

/** Orders, fills and decisions, newest first. */
export const readTrading = (db: Db): Trading => ({
  async orders(exchange, account, filter) {
    let query = db
      .selectFrom('order_execution_log')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('account', '=', account);
    if (filter.symbol !== undefined) query = query.where('symbol', '=', filter.symbol);
    if (filter.workingOnly) query = query.where('status', 'not in', [...END_STATUSES]);
    const rows = await query.orderBy('created_at_ms', 'desc').orderBy('client_order_id').limit(filter.limit).execute();
    return rows.map(decodeOrder);
  },

  async order(clientOrderId) {
    const row = await db
      .selectFrom('order_execution_log')
      .selectAll()
      .where('client_order_id', '=', clientOrderId)
      .executeTakeFirst();
    return row ? decodeOrder(row) : null;
  },

  async fills(exchange, account, filter) {
    let query = db.selectFrom('fills').selectAll().where('exchange', '=', exchange).where('account', '=', account);
    if (filter.symbol !== undefined) query = query.where('symbol', '=', filter.symbol);
    if (filter.clientOrderId !== undefined) query = query.where('client_order_id', '=', filter.clientOrderId);
    if (filter.sinceMs !== undefined) query = query.where('venue_time_ms', '>=', filter.sinceMs);
    if (filter.untilMs !== undefined) query = query.where('venue_time_ms', '<=', filter.untilMs);
    if (filter.offset) query = query.offset(filter.offset);
    const rows = await query.orderBy('venue_time_ms', 'desc').orderBy('trade_id').limit(filter.limit).execute();
    return rows.map(decodeFill);
  },

  async chain(exchange, account, correlationId, limit) {
    const decisions = await db
      .selectFrom('decisions')
      .select([...WITHOUT_INPUTS])
      .where('correlation_id', '=', correlationId)
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .orderBy('created_at_ms')
      .orderBy('id')
      .limit(limit)
      .execute();
    const orders = await db
      .selectFrom('order_execution_log')
      .selectAll()
      .where('correlation_id', '=', correlationId)
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .orderBy('created_at_ms')
      .orderBy('client_order_id')
      .limit(limit)
      .execute();
    return {
      bornAtMs: orders.length === 0 ? null : Math.min(...orders.map((row) => row.born_at_ms)),
      decisions: decisions.map((row) => decodeDecision(row, null)),
      orders: orders.map(decodeOrder),
    };
  },

  async decisions(exchange, account, filter) {
    let query = db
      .selectFrom('decisions')
      .select([...WITHOUT_INPUTS])
      .where('exchange', '=', exchange)
      .where('account', '=', account);
    if (filter.symbol !== undefined) query = query.where('symbol', '=', filter.symbol);
    const rows = await query.orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(filter.limit).execute();
    return rows.map((row) => decodeDecision(row, null));
  },

  async decision(id) {
    const row = await db.selectFrom('decisions').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? decodeDecision(row, row.inputs_json) : null;
  },

  async latestDecision(exchange, account, symbol) {
    const row = await db
      .selectFrom('decisions')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .where('symbol', '=', symbol)
      .orderBy('created_at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? decodeDecision(row, row.inputs_json) : null;
  },
});
