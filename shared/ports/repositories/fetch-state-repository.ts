import type { EpochMs, Timeframe } from '#shared/core/time.ts';

export interface SeriesKey {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** How far one series of candles has been fetched, and what is under way. */
export interface SeriesFetchState extends SeriesKey {
  /** Open time of the newest final bar fetched; null before the first. */
  readonly lastFinalOpenMs: EpochMs | null;
  /** When a job was last queued, and for which newest bar; null before the first. */
  readonly queuedAtMs: EpochMs | null;
  readonly queuedBarMs: EpochMs | null;
  /** Failures for good (the queue will not try again) since the last success, and the time of the newest. */
  readonly failures: number;
  readonly failedAtMs: EpochMs | null;
}

export interface FetchStateRepository {
  /** By symbol and timeframe. One statement. */
  all(exchange: string): Promise<readonly SeriesFetchState[]>;
  /** Jobs were put on the queue. One statement. */
  markQueued(
    exchange: string,
    series: readonly (SeriesKey & { readonly barMs: EpochMs })[],
    atMs: EpochMs,
  ): Promise<void>;
  /** Bars are stored up to `lastFinalOpenMs` (null: none was final); it never moves back. Clears failures. One statement. */
  recordFetched(
    exchange: string,
    series: readonly (SeriesKey & { readonly lastFinalOpenMs: EpochMs | null })[],
    atMs: EpochMs,
  ): Promise<void>;
  /** The fetch failed, or bars of it were refused, and the queue will not repeat it. One statement. */
  recordFailed(exchange: string, series: readonly SeriesKey[], atMs: EpochMs): Promise<void>;
}
