import type { DecimalText } from '../decimal.ts';
import type { OddRow } from '../odd-row.ts';
import type { EpochMs } from '../time.ts';

/** One position as a source reports it. */
export interface VenuePosition {
  readonly symbol: string;
  readonly coin: string;
  /** Signed base units. */
  readonly size: DecimalText;
  readonly entryPrice: DecimalText | null;
  readonly valueQuote: DecimalText;
  readonly unrealizedPnlQuote: DecimalText;
  readonly marginUsedQuote: DecimalText;
  readonly liquidationPrice: DecimalText | null;
}

/** A coin of which a row was there that could not be read: its position is unknown, never flat. */
export interface UnreadCoin {
  readonly symbol: string;
  readonly coin: string;
}

/** One sub-account (`native`, or another that the venue keeps apart) of an account, and whether it could be read. */
export interface SubAccountRead {
  /** `native` or the name that the venue gives it. */
  readonly name: string;
  readonly complete: boolean;
  readonly venueTimeMs: EpochMs | null;
  readonly error: string | null;
  /** Absent: every row was read. */
  readonly unread?: readonly UnreadCoin[] | undefined;
}

/** Every coin of the view whose position is unknown. */
export const unreadCoins = (state: {
  readonly subAccounts: readonly Pick<SubAccountRead, 'unread'>[];
}): readonly UnreadCoin[] => state.subAccounts.flatMap((sub) => sub.unread ?? []);

export const MONEY_DOUBTS = [
  /** A sub-account could not be read: the sum of the others is not the account's equity. */
  'partial-reading',
  'money-contradicts',
  'account-mode-unknown',
  'account-mode-refused',
  'account-mode-changed',
] as const;
export type MoneyDoubtCode = (typeof MONEY_DOUBTS)[number];

/** Why the account's money is unknown, with its numbers. */
export interface MoneyDoubt {
  readonly code: MoneyDoubtCode;
  /** For a human, without numbers that change: the same doubt is one episode. */
  readonly message: string;
  readonly numbers: Readonly<Record<string, string | number | boolean | null>>;
}

/** The account's own numbers, in quote units. */
export interface AccountMoney {
  readonly equityQuote: DecimalText;
  /** Initial margin in use. */
  readonly marginUsedQuote: DecimalText;
  readonly maintenanceMarginQuote: DecimalText;
  readonly withdrawableQuote: DecimalText;
}

/** The last reading whose money was believed: the next one is compared with it, and it is shown while the next is not believed. */
export interface BelievedMoney extends AccountMoney {
  readonly venueTimeMs: EpochMs;
  /** Deposits minus withdrawals behind this equity; null when the venue never said. */
  readonly netTransfersQuote: DecimalText | null;
  readonly mode: string | null;
  readonly positions: readonly HeldPosition[];
}

/** A position with its value at the venue's own mark price. */
export type HeldPosition = Pick<VenuePosition, 'symbol' | 'size' | 'valueQuote'>;

/**
 * A view of one account at one venue time. Absent position means flat only when `complete` is true and the coin is not `unread`.
 * `venueTimeMs` is the oldest of its sub-accounts' times. `money` is null, with its doubt, where this view does not say it: the
 * positions may be known all the same.
 */
export interface AccountState {
  readonly exchange: string;
  readonly account: string;
  readonly venueTimeMs: EpochMs;
  readonly complete: boolean;
  readonly subAccounts: readonly SubAccountRead[];
  readonly positions: readonly VenuePosition[];
  /** Rows of positions that could not be read; not stored with the view. */
  readonly odd?: readonly OddRow[];
  readonly money: AccountMoney | null;
  readonly moneyDoubt: MoneyDoubt | null;
  /** The venue's word for how the account keeps its collateral; null where there is one way only. */
  readonly mode: string | null;
}

/** As stored: `money` is null while the newest view is in doubt, `believed` is then older than the view. */
export interface StoredAccount extends AccountState {
  readonly believed: BelievedMoney | null;
}

/** What a reading leaves to be compared with; null where it says nothing of money. */
export function believedFrom(state: AccountState, netTransfersQuote: DecimalText | null): BelievedMoney | null {
  const { money, venueTimeMs, mode } = state;
  if (money === null) return null;
  const positions = state.positions.map(({ symbol, size, valueQuote }) => ({ symbol, size, valueQuote }));
  return { ...money, venueTimeMs, netTransfersQuote, mode, positions };
}
