import type { EpochMs } from '#shared/core/time.ts';

/** Times of one column that lay ahead of the present. */
export interface FutureTimes {
  /** `table.column`. */
  readonly what: string;
  readonly rows: number;
  /** The furthest of them. */
  readonly newestMs: EpochMs;
}

export interface StoredTimesRepository {
  /**
   * Overwrites what bears a time ahead of `nowMs` and would be waited for, or be believed, until then: what says how fresh a fact is
   * becomes old, so that the next one replaces it; what says when something was last done, or until when it holds, becomes now. One
   * statement when there is none. `nowMs` must be the venue's present, or a clock that is behind would call everything the future.
   */
  bringBack(exchange: string, nowMs: EpochMs): Promise<readonly FutureTimes[]>;
}
