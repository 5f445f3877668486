import type { Candle } from '#shared/core/market/candle.ts';
import type { EpochMs, Timeframe } from '#shared/core/time.ts';

export interface CandlesRepository {
  /** Idempotent; a final bar is never replaced by a running one. */
  save(candles: readonly Candle[], storedAtMs: EpochMs): Promise<void>;
  /** Bars of one series with open time in [fromMs, toMs], oldest first, running bar included, at most `limit`. */
  range(
    exchange: string,
    symbol: string,
    timeframe: Timeframe,
    fromMs: EpochMs,
    toMs: EpochMs,
    limit: number,
  ): Promise<readonly Candle[]>;
  /** Deletes bars that opened before `beforeMs`, at most `limit`; returns how many. */
  prune(timeframe: Timeframe, beforeMs: EpochMs, limit: number): Promise<number>;
}
