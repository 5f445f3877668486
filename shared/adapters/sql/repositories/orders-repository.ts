import { sql } from 'kysely';
import type { ClientOrderId, Order, OrderStatus } from '#shared/core/orders/order.ts';
import { decide, exitAttemptsAfter, type OrderEvent } from '#shared/core/orders/order-machine.ts';
import { REFUSALS_BEFORE_HOLD, REFUSED_HOLD, refusalsAfter } from '#shared/core/orders/refusals.ts';
import { permittingStates } from '#shared/core/system/permissions.ts';
import { LOCK_MODES } from '#shared/core/system/system-state.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { Db } from '../open-database.ts';
import { inserted, insertedIfNewer, jsonRows } from '../upsert.ts';
import { fillQueries } from './fill-queries.ts';
import {
  decodeEpoch,
  decodeOrder,
  encodeFirstEpoch,
  firstEpoch,
  ifNotHeld,
  learnedColumns,
  NOTHING_REFUSED,
} from './order-rows.ts';

const WORKING_MAX = 1000;

/**
 * Orders, outbox, epochs and fills. Each method is one transaction of a fixed number of statements. A change of an order first
 * writes the row it is about to read: that takes the row's lock on MySQL and the write lock on SQLite, so that two writers of
 * one order are serial and the state machine (core/orders/order-machine) decides alone.
 */
export function sqlOrdersRepository(db: Db): OrdersRepository {
  const lockOrder = async (tx: Db, clientOrderId: ClientOrderId): Promise<Order | null> => {
    await tx
      .updateTable('order_execution_log')
      .set({ client_order_id: sql<string>`client_order_id` })
      .where('client_order_id', '=', clientOrderId)
      .execute();
    const row = await tx
      .selectFrom('order_execution_log')
      .selectAll()
      .where('client_order_id', '=', clientOrderId)
      .executeTakeFirst();
    return row ? decodeOrder(row) : null;
  };

  /** Locks, decides and stores; null when there is no such order or the event is ignored. */
  const change = async (tx: Db, clientOrderId: ClientOrderId, event: OrderEvent): Promise<Order | null> => {
    const order = await lockOrder(tx, clientOrderId);
    if (!order) return null;
    const transition = decide(order, event);
    if (transition.kind === 'ignore') return null;
    await tx
      .updateTable('order_execution_log')
      .set(learnedColumns(transition.next))
      .where('client_order_id', '=', clientOrderId)
      .execute();
    return transition.next;
  };

  const ack = (tx: Db, clientOrderId: ClientOrderId, atMs: EpochMs) =>
    tx
      .updateTable('order_outbox')
      .set({ acked_at_ms: atMs })
      .where('client_order_id', '=', clientOrderId)
      .where('acked_at_ms', 'is', null)
      .execute();

  /** Every order is alone in its epoch, so its end leads to the next one, whichever write of it comes first. */
  const raiseEpoch = (tx: Db, ended: Order, atMs: EpochMs) => {
    const attempts = exitAttemptsAfter(ended);
    const refusals = refusalsAfter(ended);
    const counts = refusals === 'count' || refusals === 'count-to-hold';
    const refused = { refusals: 1, refusal_code: ended.errorCode?.slice(0, 64) ?? null, refused_at_ms: atMs };
    const isTooMany = sql<boolean>`position_epochs.hold_reason is null
      and coalesce(position_epochs.refusals, 0) + 1 >= ${REFUSALS_BEFORE_HOLD}`;
    return tx
      .insertInto('position_epochs')
      .values({
        ...encodeFirstEpoch(ended.exchange, ended.account, ended.symbol, atMs),
        epoch: ended.epoch + 1,
        settled_at_ms: ended.venueEndedAtMs ?? 0,
        exit_attempts: attempts === 'raise' ? 1 : 0,
        ...(counts ? refused : {}),
      })
      .onDuplicateKeyUpdate({
        settled_at_ms: insertedIfNewer('position_epochs', 'settled_at_ms', 'settled_at_ms'),
        exit_attempts:
          attempts === 'raise'
            ? sql<number>`position_epochs.exit_attempts + 1`
            : attempts === 'reset'
              ? 0
              : sql<number>`position_epochs.exit_attempts`,
        // MySQL assigns from left to right: what is looked at comes last.
        ...(refusals === 'count-to-hold'
          ? {
              held_at_ms: sql<number>`case when ${isTooMany} then ${atMs} else position_epochs.held_at_ms end`,
              hold_reason: sql<string>`case when ${isTooMany} then ${REFUSED_HOLD} else position_epochs.hold_reason end`,
            }
          : {}),
        ...(counts
          ? {
              refusal_code: inserted('refusal_code'),
              refused_at_ms: inserted('refused_at_ms'),
              refusals: sql<number>`coalesce(position_epochs.refusals, 0) + 1`,
            }
          : {}),
        ...(refusals === 'reset' ? NOTHING_REFUSED : {}),
        updated_at_ms: inserted('updated_at_ms'),
        epoch: insertedIfNewer('position_epochs', 'epoch', 'epoch'),
      })
      .execute();
  };

  return {
    ...fillQueries(db),

    async find(clientOrderId) {
      const row = await db
        .selectFrom('order_execution_log')
        .selectAll()
        .where('client_order_id', '=', clientOrderId)
        .executeTakeFirst();
      return row ? decodeOrder(row) : null;
    },

    async findByIdempotencyKey(key) {
      const row = await db
        .selectFrom('order_execution_log')
        .selectAll()
        .where('idempotency_key', '=', key)
        .executeTakeFirst();
      return row ? { order: decodeOrder(row), requestHash: row.request_hash ?? '' } : null;
    },

    async markSending({ clientOrderId, exchange, orderClass }, lease, atMs) {
      const result = await db
        .updateTable('order_execution_log')
        .set({ status: 'sending', sent_at_ms: atMs })
        .where('client_order_id', '=', clientOrderId)
        .where('status', '=', 'intent')
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('leases')
              .select('name')
              .where('name', '=', lease.name)
              .where('holder', '=', lease.holder)
              .where('fence', '=', lease.fence)
              .where('expires_at_ms', '>', atMs),
          ),
        )
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('system_state')
              .select('exchange')
              .where('exchange', '=', exchange)
              .where((eb) =>
                eb.or(
                  [null, ...LOCK_MODES].map((mode) =>
                    eb('lock_mode', mode === null ? 'is' : '=', mode).and(
                      'state',
                      'in',
                      permittingStates(orderClass, mode),
                    ),
                  ),
                ),
              ),
          ),
        )
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },

    async recordAnswer(clientOrderId, answer, atMs) {
      await db.transaction().execute((tx) => change(tx as Db, clientOrderId, { type: 'answered', ...answer, atMs }));
    },

    async recordEnd(end, atMs) {
      return db.transaction().execute(async (tx) => {
        const ended = await change(tx as Db, end.clientOrderId, { type: 'ended', ...end, atMs });
        if (!ended) return false;
        await ack(tx as Db, end.clientOrderId, atMs);
        await raiseEpoch(tx as Db, ended, atMs);
        return true;
      });
    },

    async working(exchange, account) {
      const rows = await db
        .selectFrom('order_execution_log')
        .selectAll()
        .where('status', 'in', WORKING_STATUSES)
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        // As an expression, or the order is taken from an index and every order there ever was is looked at.
        .orderBy(sql`created_at_ms + 0`)
        .orderBy('client_order_id')
        .limit(WORKING_MAX)
        .execute();
      return rows.map(decodeOrder);
    },

    async pendingOutbox(exchange, nowMs, limit) {
      const rows = await db
        .selectFrom('order_outbox')
        .selectAll()
        .where('acked_at_ms', 'is', null)
        .where('exchange', '=', exchange)
        .where('expires_at_ms', '>', nowMs)
        .orderBy('created_at_ms')
        .orderBy('client_order_id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        clientOrderId: row.client_order_id as ClientOrderId,
        exchange: row.exchange,
        account: row.account,
        body: row.body,
        createdAtMs: row.created_at_ms,
        expiresAtMs: row.expires_at_ms,
        enqueuedAtMs: row.enqueued_at_ms,
        attempts: row.attempts,
      }));
    },

    async expiredOutbox(exchange, nowMs, limit) {
      const rows = await db
        .selectFrom('order_outbox')
        .innerJoin('order_execution_log', 'order_execution_log.client_order_id', 'order_outbox.client_order_id')
        .select(['order_outbox.client_order_id', 'order_execution_log.status'])
        .where('order_outbox.acked_at_ms', 'is', null)
        .where('order_outbox.exchange', '=', exchange)
        .where('order_outbox.expires_at_ms', '<=', nowMs)
        .orderBy('order_outbox.created_at_ms')
        .orderBy('order_outbox.client_order_id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        clientOrderId: row.client_order_id as ClientOrderId,
        status: row.status as OrderStatus,
      }));
    },

    async markEnqueued(clientOrderIds, atMs) {
      if (clientOrderIds.length === 0) return;
      const source = jsonRows(
        db,
        clientOrderIds.map((id) => ({ id })),
        { id: 'text' },
      );
      await db
        .updateTable('order_outbox')
        .set({ enqueued_at_ms: atMs, attempts: sql<number>`attempts + 1` })
        .where('client_order_id', 'in', sql<string>`(select j.id from ${source} as j)`)
        .execute();
    },

    async ackOutbox(clientOrderId, atMs) {
      await ack(db, clientOrderId, atMs);
    },

    async epochs(exchange, account) {
      const rows = await db
        .selectFrom('position_epochs')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .orderBy('symbol')
        .execute();
      return rows.map(decodeEpoch);
    },

    async epoch(exchange, account, symbol) {
      const row = await db
        .selectFrom('position_epochs')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('symbol', '=', symbol)
        .executeTakeFirst();
      return row ? decodeEpoch(row) : firstEpoch(exchange, account, symbol);
    },

    async recordLeverage(exchange, account, symbol, leverage, atMs) {
      await db
        .insertInto('position_epochs')
        .values({ ...encodeFirstEpoch(exchange, account, symbol, atMs), leverage_set: leverage })
        .onDuplicateKeyUpdate({ leverage_set: inserted('leverage_set') })
        .execute();
    },

    async hold(exchange, account, symbol, reason, atMs) {
      await db
        .insertInto('position_epochs')
        .values({ ...encodeFirstEpoch(exchange, account, symbol, atMs), hold_reason: reason, held_at_ms: atMs })
        .onDuplicateKeyUpdate({
          held_at_ms: ifNotHeld('held_at_ms'),
          hold_reason: ifNotHeld('hold_reason'),
        })
        .execute();
    },

    async release(exchange, account, symbol, atMs) {
      await db
        .updateTable('position_epochs')
        .set({ hold_reason: null, held_at_ms: null, ...NOTHING_REFUSED, updated_at_ms: atMs })
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('symbol', '=', symbol)
        .execute();
    },

    async adopt(exchange, account, symbol, atMs) {
      await db
        .insertInto('position_epochs')
        .values({ ...encodeFirstEpoch(exchange, account, symbol, atMs), adopted_at_ms: atMs })
        .onDuplicateKeyUpdate({
          hold_reason: null,
          held_at_ms: null,
          ...NOTHING_REFUSED,
          updated_at_ms: inserted('updated_at_ms'),
          adopted_at_ms: inserted('adopted_at_ms'),
        })
        .execute();
    },
  };
}

const WORKING_STATUSES = ['intent', 'sending', 'unknown', 'open', 'partially-filled'] as const satisfies OrderStatus[];
