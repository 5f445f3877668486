import type { Selectable } from 'kysely';
import * as z from 'zod';
import { decimalText } from '#shared/core/decimal.ts';
import type { AccountState, BelievedMoney, StoredAccount } from '#shared/core/portfolio/account-state.ts';
import type { Database } from '../database.ts';
import type { Db } from '../open-database.ts';
import { inserted } from '../upsert.ts';

const text = z.string();
const believedSchema = z.object({
  venueTimeMs: z.number(),
  equityQuote: text,
  marginUsedQuote: text,
  maintenanceMarginQuote: text,
  withdrawableQuote: text,
  netTransfersQuote: text.nullable(),
  mode: text.nullable(),
  positions: z.array(z.object({ symbol: text, size: text, valueQuote: text })),
});
const doubtSchema = z.object({
  code: z.enum([
    'partial-reading',
    'money-contradicts',
    'account-mode-unknown',
    'account-mode-refused',
    'account-mode-changed',
  ]),
  message: text,
  numbers: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])),
});

type MoneyRow = Pick<Selectable<Database['account_money']>, 'venue_time_ms' | 'mode' | 'believed_json' | 'doubt_json'>;
export type MoneySnapshotRow = Pick<
  Selectable<Database['account_snapshots']>,
  | 'venue_time_ms'
  | 'complete'
  | 'equity_quote'
  | 'margin_used_quote'
  | 'maintenance_margin_quote'
  | 'withdrawable_quote'
>;

export const readMoneyRow = (db: Db, exchange: string, account: string): Promise<MoneyRow | undefined> =>
  db
    .selectFrom('account_money')
    .select(['venue_time_ms', 'mode', 'believed_json', 'doubt_json'])
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .executeTakeFirst();

export async function writeMoneyRow(
  db: Db,
  state: Pick<AccountState, 'exchange' | 'account' | 'venueTimeMs' | 'mode' | 'moneyDoubt'>,
  believed: BelievedMoney | null,
): Promise<void> {
  const { exchange, account, venueTimeMs, mode, moneyDoubt } = state;
  await db
    .insertInto('account_money')
    .values({
      exchange,
      account,
      venue_time_ms: venueTimeMs,
      mode,
      believed_json: believed === null ? null : JSON.stringify(believed),
      doubt_json: moneyDoubt === null ? null : JSON.stringify(moneyDoubt),
    })
    .onDuplicateKeyUpdate({
      mode: inserted('mode'),
      believed_json: inserted('believed_json'),
      doubt_json: inserted('doubt_json'),
      venue_time_ms: inserted('venue_time_ms'),
    })
    .execute();
}

/**
 * The account's money of a snapshot and the row beside it. A snapshot without a row of its own time was written by the release
 * before: its amounts are the account's where it was complete, and the sum of a part where it was not.
 */
export function decodeMoney(
  snapshot: MoneySnapshotRow,
  row: MoneyRow | undefined,
  positions: BelievedMoney['positions'],
): Pick<StoredAccount, 'money' | 'moneyDoubt' | 'mode' | 'believed'> {
  const amounts = {
    equityQuote: decimalText(snapshot.equity_quote),
    marginUsedQuote: decimalText(snapshot.margin_used_quote),
    maintenanceMarginQuote: decimalText(snapshot.maintenance_margin_quote),
    withdrawableQuote: decimalText(snapshot.withdrawable_quote),
  };
  const stored = row?.believed_json ? believedSchema.parse(JSON.parse(row.believed_json)) : null;
  if (row?.venue_time_ms !== snapshot.venue_time_ms) {
    if (snapshot.complete !== 1) {
      const numbers = { venueTimeMs: snapshot.venue_time_ms };
      const message = 'equity is unknown: a sub-account could not be read';
      return { money: null, moneyDoubt: { code: 'partial-reading', message, numbers }, mode: null, believed: stored };
    }
    const { venue_time_ms: venueTimeMs } = snapshot;
    const believed = { ...amounts, venueTimeMs, netTransfersQuote: null, mode: null, positions };
    return { money: amounts, moneyDoubt: null, mode: null, believed };
  }
  const moneyDoubt = row.doubt_json ? doubtSchema.parse(JSON.parse(row.doubt_json)) : null;
  return { money: moneyDoubt === null ? amounts : null, moneyDoubt, mode: row.mode, believed: stored };
}
