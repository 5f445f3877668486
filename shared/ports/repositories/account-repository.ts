import type { DecimalText } from '#shared/core/decimal.ts';
import type { AccountState, StoredAccount } from '#shared/core/portfolio/account-state.ts';
import type { EpochMs } from '#shared/core/time.ts';

export interface BalancePoint {
  readonly venueTimeMs: EpochMs;
  readonly equityQuote: DecimalText;
  readonly marginUsedQuote: DecimalText;
  readonly netTransfersQuote: DecimalText;
  readonly complete: boolean;
}

/** Own table of positions: one snapshot per account, replaced only by one with a later venue time. */
export interface AccountRepository {
  /**
   * Positions, snapshot and balance history point in one transaction. `stale` when a snapshot of this or a later venue time is
   * stored. An incomplete state deletes no position: what could not be read is not flat. A state without money keeps the believed
   * one as it was, with the doubt beside it. With unknown net transfers (null), or without money, no history point is written: a
   * deposit must not look like profit. `believedNetQuote`: the net transfers behind this equity, also where they are being settled.
   */
  saveSnapshot(
    state: AccountState,
    netTransfersQuote: DecimalText | null,
    storedAtMs: EpochMs,
    believedNetQuote?: DecimalText | null,
  ): Promise<'stored' | 'stale'>;
  latest(exchange: string, account: string): Promise<StoredAccount | null>;
  /** The newest point of the equity curve. */
  newestBalance(exchange: string, account: string): Promise<BalancePoint | null>;
  /** Oldest first. */
  balanceHistory(exchange: string, account: string, sinceMs: EpochMs, limit: number): Promise<readonly BalancePoint[]>;
}
