import { sql } from 'kysely';
import { decimalText, fromMicros } from '#shared/core/decimal.ts';
import type { Side } from '#shared/core/orders/order.ts';
import { DAY_MS, slotOf } from '#shared/core/time.ts';
import type { NewFill, OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { Db } from '../open-database.ts';
import { jsonRows } from '../upsert.ts';
import { decodeFill, encodeFill, encodeFirstEpoch, FILL_COLUMNS, ifNotHeld } from './order-rows.ts';

const FILL_NAMES = Object.keys(FILL_COLUMNS) as (keyof typeof FILL_COLUMNS)[];

/** The part of the orders repository that is about fills and the ids behind them. */
export function fillQueries(
  db: Db,
): Pick<
  OrdersRepository,
  'saveFills' | 'orderFills' | 'fillsSince' | 'newestFillMs' | 'lastFills' | 'dayTotals' | 'ownOrders'
> {
  return {
    async saveFills(exchange, account, fills, atMs) {
      if (fills.length === 0) return [];
      const unique = [...new Map(fills.map((fill) => [keyOf(fill.tradeId, fill.venueOrderId), fill])).values()];
      return db.transaction().execute(async (tx) => {
        const ids = unique.map((fill) => ({ trade_id: fill.tradeId }));
        const stored = await tx
          .selectFrom('fills')
          .select(['trade_id', 'venue_order_id'])
          .where('exchange', '=', exchange)
          .where('account', '=', account)
          .where(
            'trade_id',
            'in',
            sql<string>`(select j.trade_id from ${jsonRows(tx, ids, { trade_id: 'text' })} as j)`,
          )
          .execute();
        const known = new Set(stored.map((row) => keyOf(row.trade_id, row.venue_order_id)));
        const fresh = unique.filter((fill) => !known.has(keyOf(fill.tradeId, fill.venueOrderId)));
        if (fresh.length === 0) return [];
        const source = jsonRows(tx, fresh.map(encodeFill), FILL_COLUMNS);
        await tx
          .insertInto('fills')
          .columns(['exchange', 'account', ...FILL_NAMES, 'stored_at_ms'])
          .expression(
            sql<never>`select ${exchange}, ${account}, ${sql.join(FILL_NAMES.map((n) => sql.ref(`j.${n}`)))}, ${atMs} from ${source} as j where true` as never,
          )
          // Another tracker may have stored one since the read: the first row stays.
          .onDuplicateKeyUpdate({ stored_at_ms: sql<number>`fills.stored_at_ms` })
          .execute();
        await holdSymbols(tx as Db, exchange, account, fresh, atMs);
        return fresh.map(({ holdReason: _, ...fill }) => fill);
      });
    },

    async orderFills(exchange, account, ids) {
      const clientIds = jsonRows(db, asRows(ids.clientOrderIds), { id: 'text' });
      const venueIds = jsonRows(db, asRows(ids.venueOrderIds), { id: 'text' });
      const rows = await db
        .selectFrom('fills')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where((eb) =>
          eb.or([
            eb('client_order_id', 'in', sql<string>`(select c.id from ${clientIds} as c)`),
            eb('venue_order_id', 'in', sql<string>`(select v.id from ${venueIds} as v)`),
          ]),
        )
        .orderBy('venue_time_ms')
        .orderBy('trade_id')
        .orderBy('venue_order_id')
        .execute();
      return rows.map(decodeFill);
    },

    async fillsSince(exchange, account, sinceMs, limit) {
      const rows = await db
        .selectFrom('fills')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('venue_time_ms', '>', sinceMs)
        .orderBy('venue_time_ms')
        .orderBy('trade_id')
        .orderBy('venue_order_id')
        .limit(limit)
        .execute();
      return rows.map(decodeFill);
    },

    async newestFillMs(exchange, account) {
      const row = await db
        .selectFrom('fills')
        .select((eb) => eb.fn.max('venue_time_ms').as('newest'))
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .executeTakeFirst();
      return row?.newest ?? null;
    },

    async lastFills(exchange, account) {
      const rows = await db
        .selectFrom('position_epochs as e')
        // With an inner join SQLite looks at every fill of the account; it keeps the order of a cross join.
        .crossJoin('fills as f')
        .selectAll('f')
        .whereRef('f.exchange', '=', 'e.exchange')
        .whereRef('f.account', '=', 'e.account')
        .whereRef('f.symbol', '=', 'e.symbol')
        .where('e.exchange', '=', exchange)
        .where('e.account', '=', account)
        .where('f.venue_time_ms', '=', (eb) =>
          eb
            .selectFrom('fills as newest')
            .select((inner) => inner.fn.max('newest.venue_time_ms').as('at'))
            .whereRef('newest.exchange', '=', 'e.exchange')
            .whereRef('newest.account', '=', 'e.account')
            .whereRef('newest.symbol', '=', 'e.symbol'),
        )
        .orderBy('f.symbol')
        .orderBy('f.trade_id')
        .orderBy('f.venue_order_id')
        .execute();
      return rows.map(decodeFill);
    },

    async dayTotals(exchange, account, nowMs) {
      const row = await db
        .selectFrom('fills')
        .select([sql<number | null>`sum(closed_pnl_micros)`.as('pnl'), sql<number | null>`sum(fee_micros)`.as('fees')])
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('venue_time_ms', '>=', slotOf(nowMs, DAY_MS))
        .executeTakeFirstOrThrow();
      // MySQL sums BIGINTs to a DECIMAL, which arrives as text.
      const total = (micros: number | null) => decimalText(fromMicros(Number(micros ?? 0)));
      return { realizedPnlQuote: total(row.pnl), feesQuote: total(row.fees) };
    },

    async ownOrders(exchange, account, ids) {
      const clientIds = jsonRows(db, asRows(ids.clientOrderIds), { id: 'text' });
      const venueIds = jsonRows(db, asRows(ids.venueOrderIds), { id: 'text' });
      const ofAccount = db
        .selectFrom('order_execution_log')
        .select(['client_order_id', 'venue_order_id', 'symbol', 'side', 'size'])
        .where('exchange', '=', exchange)
        .where('account', '=', account);
      // Two look-ups by key; with OR the engines walk through every order of the account instead.
      const rows = await ofAccount
        .where('client_order_id', 'in', sql<string>`(select c.id from ${clientIds} as c)`)
        .union(ofAccount.where('venue_order_id', 'in', sql<string>`(select v.id from ${venueIds} as v)`))
        .execute();
      const own = rows.map((row) => ({
        ...row,
        order: { symbol: row.symbol, side: row.side as Side, size: decimalText(row.size) },
      }));
      return {
        clientOrderIds: new Map(own.map((row) => [row.client_order_id, row.order])),
        venueOrderIds: new Map(
          own.flatMap((row) => (row.venue_order_id === null ? [] : [[row.venue_order_id, row.order]])),
        ),
      };
    },
  };
}

const keyOf = (tradeId: string, venueOrderId: string): string => JSON.stringify([tradeId, venueOrderId]);
const asRows = (ids: readonly string[]) => [...new Set(ids)].map((id) => ({ id }));

/** One row per symbol in one statement; symbols of foreign fills are few, at most those of one answer of the venue. */
async function holdSymbols(db: Db, exchange: string, account: string, fills: readonly NewFill[], atMs: number) {
  const reasons = new Map<string, string>();
  for (const { symbol, holdReason } of fills) if (holdReason && !reasons.has(symbol)) reasons.set(symbol, holdReason);
  if (reasons.size === 0) return;
  await db
    .insertInto('position_epochs')
    .values(
      [...reasons].map(([symbol, reason]) => ({
        ...encodeFirstEpoch(exchange, account, symbol, atMs),
        hold_reason: reason,
        held_at_ms: atMs,
      })),
    )
    .onDuplicateKeyUpdate({ held_at_ms: ifNotHeld('held_at_ms'), hold_reason: ifNotHeld('hold_reason') })
    .execute();
}
