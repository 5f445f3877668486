import type { DecimalText } from '#shared/core/decimal.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
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
   * stored. An incomplete state deletes no position: what could not be read is not flat. With unknown net transfers (null) no
   * history point is written: a deposit must not look like profit.
   */
  saveSnapshot(
    state: AccountState,
    netTransfersQuote: DecimalText | null,
    storedAtMs: EpochMs,
  ): Promise<'stored' | 'stale'>;
  latest(exchange: string, account: string): Promise<AccountState | null>;
  /** The newest point of the equity curve. */
  newestBalance(exchange: string, account: string): Promise<BalancePoint | null>;
  /** Oldest first. */
  balanceHistory(exchange: string, account: string, sinceMs: EpochMs, limit: number): Promise<readonly BalancePoint[]>;
}
