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

/** One sub-account (native, or a HIP-3 dex) of an account, and whether it could be read. */
export interface SubAccountRead {
  /** `native` or the dex name. */
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

/**
 * A view of one account at one venue time. Absent position means flat only when `complete` is true and the coin is not `unread`.
 * `venueTimeMs` is the oldest of its sub-accounts' times.
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
  readonly equityQuote: DecimalText;
  readonly marginUsedQuote: DecimalText;
  readonly maintenanceMarginQuote: DecimalText;
  readonly withdrawableQuote: DecimalText;
}

/** One view of one symbol's position, as the quorum sees it. */
export interface PositionReport {
  /** `own-table`, `observer:<id>`. */
  readonly source: string;
  readonly size: DecimalText;
  readonly venueTimeMs: EpochMs;
  readonly complete: boolean;
}
