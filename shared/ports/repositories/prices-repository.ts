import type { DecimalText } from '#shared/core/decimal.ts';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { EpochMs } from '#shared/core/time.ts';

export interface LatestPrice {
  readonly exchange: string;
  readonly symbol: string;
  readonly price: DecimalText;
  readonly tradeId: string;
  readonly venueTimeMs: EpochMs;
  readonly receivedAtMs: EpochMs;
  readonly markPrice: DecimalText | null;
  readonly markTimeMs: EpochMs | null;
}

export interface PricesRepository {
  /** Stores ticks (`stream_data`, duplicates ignored) and moves `latest_prices` forward in venue time, in one transaction. */
  saveTicks(ticks: readonly TradeTick[], receivedAtMs: EpochMs): Promise<{ readonly stored: number }>;
  /** Only for symbols that have a price already; an older mark price never replaces a newer one. */
  saveMarkPrices(
    exchange: string,
    marks: readonly { symbol: string; markPrice: DecimalText; observedAtMs: EpochMs }[],
  ): Promise<void>;
  /** Latest price per symbol; symbols never seen are absent. One statement. */
  latest(exchange: string): Promise<ReadonlyMap<string, LatestPrice>>;
  /** Deletes ticks older than `beforeMs`, at most `limit` rows; returns how many. */
  pruneTicks(beforeMs: EpochMs, limit: number): Promise<number>;
}
