import { type Selectable, sql } from 'kysely';
import * as z from 'zod';
import { decimalText } from '#shared/core/decimal.ts';
import {
  type AccountMoney,
  type AccountState,
  type BelievedMoney,
  believedFrom,
  type StoredAccount,
  type UnreadCoin,
  unreadCoins,
  type VenuePosition,
} from '#shared/core/portfolio/account-state.ts';
import type { AccountRepository, BalancePoint } from '#shared/ports/repositories/account-repository.ts';
import type { Database } from '../database.ts';
import type { Db } from '../open-database.ts';
import { inserted, insertedIfNewer, jsonRows } from '../upsert.ts';
import { decodeMoney, readMoneyRow, writeMoneyRow } from './account-money-rows.ts';

const subAccountsSchema = z.array(
  z.object({
    name: z.string(),
    complete: z.boolean(),
    venueTimeMs: z.number().nullable(),
    error: z.string().nullable(),
    unread: z.array(z.object({ symbol: z.string(), coin: z.string() })).optional(),
  }),
);

/** Coins of a stored snapshot whose position is unknown. */
export const unreadOf = (subAccountsJson: string): readonly UnreadCoin[] =>
  unreadCoins({ subAccounts: subAccountsSchema.parse(JSON.parse(subAccountsJson)) });

const POSITION_COLUMNS = {
  symbol: 'text',
  coin: 'text',
  size: 'text',
  entry_price: 'text',
  value_quote: 'text',
  unrealized_pnl_quote: 'text',
  margin_used_quote: 'text',
  liquidation_price: 'text',
} as const;
const POSITION_NAMES = Object.keys(POSITION_COLUMNS) as (keyof typeof POSITION_COLUMNS)[];

const SNAPSHOT_COLUMNS = [
  'stored_at_ms',
  'complete',
  'equity_quote',
  'margin_used_quote',
  'maintenance_margin_quote',
  'withdrawable_quote',
  'sub_accounts_json',
] as const;

const encodePosition = (p: VenuePosition) => ({
  symbol: p.symbol,
  coin: p.coin,
  size: p.size,
  entry_price: p.entryPrice,
  value_quote: p.valueQuote,
  unrealized_pnl_quote: p.unrealizedPnlQuote,
  margin_used_quote: p.marginUsedQuote,
  liquidation_price: p.liquidationPrice,
});

/** Snapshots and equity curve. Statements do not grow with the number of positions. */
export function sqlAccountRepository(db: Db): AccountRepository {
  return {
    async saveSnapshot(state, netTransfersQuote, storedAtMs, believedNetQuote = netTransfersQuote) {
      return db.transaction().execute(async (tx) => {
        const believed =
          believedFrom(state, believedNetQuote) ?? (await read(tx, state.exchange, state.account))?.believed ?? null;
        if (!(await claimSnapshot(tx, state, believed, storedAtMs))) return 'stale';
        await writeMoneyRow(tx, state, believed);
        await upsertPositions(tx, state);
        // Only a complete view may say that something is gone, and of no coin that it could not read.
        if (state.complete) {
          const unread = unreadCoins(state).map(({ symbol }) => ({ symbol }));
          await tx
            .deleteFrom('positions')
            .where('exchange', '=', state.exchange)
            .where('account', '=', state.account)
            .where('venue_time_ms', '<', state.venueTimeMs)
            .where(
              'symbol',
              'not in',
              sql<string>`(select j.symbol from ${jsonRows(tx, unread, { symbol: 'text' })} as j)`,
            )
            .execute();
        }
        if (netTransfersQuote !== null && state.money !== null)
          await insertHistory(tx, state, state.money, netTransfersQuote);
        return 'stored';
      });
    },

    latest: (exchange, account) => read(db, exchange, account),

    async newestBalance(exchange, account) {
      const row = await db
        .selectFrom('balance_history')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .orderBy('venue_time_ms', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row ? decodePoint(row) : null;
    },

    async balanceHistory(exchange, account, sinceMs, limit) {
      const rows = await db
        .selectFrom('balance_history')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('venue_time_ms', '>=', sinceMs)
        .orderBy('venue_time_ms')
        .limit(limit)
        .execute();
      return rows.map(decodePoint);
    },
  };
}

const decodePoint = (row: Selectable<Database['balance_history']>): BalancePoint => ({
  venueTimeMs: row.venue_time_ms,
  equityQuote: decimalText(row.equity_quote),
  marginUsedQuote: decimalText(row.margin_used_quote),
  netTransfersQuote: decimalText(row.net_transfers_quote),
  complete: row.complete === 1,
});

async function read(db: Db, exchange: string, account: string): Promise<StoredAccount | null> {
  const snapshot = await db
    .selectFrom('account_snapshots')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .executeTakeFirst();
  if (!snapshot) return null;
  const positions = await db
    .selectFrom('positions')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .orderBy('symbol')
    .execute();
  const held = positions.map((row) => ({
    symbol: row.symbol,
    coin: row.coin,
    size: decimalText(row.size),
    entryPrice: row.entry_price === null ? null : decimalText(row.entry_price),
    valueQuote: decimalText(row.value_quote),
    unrealizedPnlQuote: decimalText(row.unrealized_pnl_quote),
    marginUsedQuote: decimalText(row.margin_used_quote),
    liquidationPrice: row.liquidation_price === null ? null : decimalText(row.liquidation_price),
  }));
  const money = decodeMoney(snapshot, await readMoneyRow(db, exchange, account), held);
  return {
    exchange,
    account,
    venueTimeMs: snapshot.venue_time_ms,
    complete: snapshot.complete === 1,
    subAccounts: subAccountsSchema.parse(JSON.parse(snapshot.sub_accounts_json)),
    positions: held,
    ...money,
  };
}

/**
 * Moves the snapshot forward in venue time; false when this or a later one is stored. The upsert takes the row's lock, so that
 * two writers are serial; what is read back afterwards says who won.
 */
async function claimSnapshot(
  tx: Db,
  state: AccountState,
  believed: BelievedMoney | null,
  storedAtMs: number,
): Promise<boolean> {
  const storedTime = () =>
    tx
      .selectFrom('account_snapshots')
      .select('venue_time_ms')
      .where('exchange', '=', state.exchange)
      .where('account', '=', state.account)
      .executeTakeFirst();
  const before = await storedTime();
  if (before && before.venue_time_ms >= state.venueTimeMs) return false;
  await tx
    .insertInto('account_snapshots')
    .values({
      exchange: state.exchange,
      account: state.account,
      venue_time_ms: state.venueTimeMs,
      stored_at_ms: storedAtMs,
      complete: state.complete ? 1 : 0,
      equity_quote: believed?.equityQuote ?? '0',
      margin_used_quote: believed?.marginUsedQuote ?? '0',
      maintenance_margin_quote: believed?.maintenanceMarginQuote ?? '0',
      withdrawable_quote: believed?.withdrawableQuote ?? '0',
      sub_accounts_json: JSON.stringify(state.subAccounts),
    })
    .onDuplicateKeyUpdate({
      ...(Object.fromEntries(
        SNAPSHOT_COLUMNS.map((c) => [c, insertedIfNewer('account_snapshots', c, 'venue_time_ms')]),
      ) as object),
      // The guard is assigned last: MySQL runs assignments left to right.
      venue_time_ms: insertedIfNewer('account_snapshots', 'venue_time_ms', 'venue_time_ms'),
    })
    .execute();
  return (await storedTime())?.venue_time_ms === state.venueTimeMs;
}

async function upsertPositions(tx: Db, state: AccountState): Promise<void> {
  const source = jsonRows(tx, state.positions.map(encodePosition), POSITION_COLUMNS);
  await tx
    .insertInto('positions')
    .columns(['exchange', 'account', ...POSITION_NAMES, 'venue_time_ms'])
    .expression(
      sql<never>`select ${state.exchange}, ${state.account}, ${sql.join(POSITION_NAMES.map((n) => sql.ref(`j.${n}`)))}, ${state.venueTimeMs} from ${source} as j where true` as never,
    )
    .onDuplicateKeyUpdate({
      ...(Object.fromEntries(POSITION_NAMES.filter((n) => n !== 'symbol').map((n) => [n, inserted(n)])) as object),
      venue_time_ms: inserted('venue_time_ms'),
    })
    .execute();
}

async function insertHistory(
  tx: Db,
  state: AccountState,
  money: AccountMoney,
  netTransfersQuote: string,
): Promise<void> {
  await tx
    .insertInto('balance_history')
    .values({
      exchange: state.exchange,
      account: state.account,
      venue_time_ms: state.venueTimeMs,
      equity_quote: money.equityQuote,
      margin_used_quote: money.marginUsedQuote,
      maintenance_margin_quote: money.maintenanceMarginQuote,
      net_transfers_quote: netTransfersQuote,
      complete: state.complete ? 1 : 0,
    })
    .onDuplicateKeyUpdate({ complete: inserted('complete') })
    .execute();
}
