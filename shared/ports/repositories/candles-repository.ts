import type { DecimalText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { EpochMs, Timeframe } from '#shared/core/time.ts';

/** Highest high and lowest low of a stretch of bars. */
export interface TradingRange {
  readonly symbol: string;
  readonly high: DecimalText;
  readonly low: DecimalText;
}

export interface CandlesRepository {
  /** Idempotent; a final bar is never replaced by a running one. */
  save(candles: readonly Candle[], storedAtMs: EpochMs): Promise<void>;
  /** The newest `limit` final bars of one series, oldest first. */
  recentFinal(exchange: string, symbol: string, timeframe: Timeframe, limit: number): Promise<readonly Candle[]>;
  /** Bars of one series with open time in [fromMs, toMs], oldest first, running bar included, at most `limit`. */
  range(
    exchange: string,
    symbol: string,
    timeframe: Timeframe,
    fromMs: EpochMs,
    toMs: EpochMs,
    limit: number,
  ): Promise<readonly Candle[]>;
  /** Final bars of all symbols with open time in [fromMs, toMs), by symbol and time, at most `limit`. One statement. */
  finalBetween(
    exchange: string,
    timeframe: Timeframe,
    fromMs: EpochMs,
    toMs: EpochMs,
    limit: number,
  ): Promise<readonly Candle[]>;
  /** Replaces the stored range of each symbol named. */
  saveTradingRanges(exchange: string, ranges: readonly TradingRange[], atMs: EpochMs): Promise<void>;
  /** By symbol. */
  tradingRanges(exchange: string): Promise<readonly TradingRange[]>;
  /** Deletes bars that opened before `beforeMs`, at most `limit`; returns how many. */
  prune(timeframe: Timeframe, beforeMs: EpochMs, limit: number): Promise<number>;
}
