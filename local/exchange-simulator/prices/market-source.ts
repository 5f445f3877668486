/** One trade of the crowd. `market` is the index in the simulator's list of markets. */
export interface MarketTick {
  readonly atMs: number;
  readonly market: number;
  readonly price: number;
  readonly size: number;
  /** Side of the taker: `B` bought, `A` sold. */
  readonly side: 'A' | 'B';
}

/** A finished one-minute bar from before the market opened; volume in base units. */
export interface HistoryBar {
  readonly market: number;
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly trades: number;
}

/** Where prices come from: the model, or a replay. Ticks come out in time order; the clock is the caller's. */
export interface MarketSource {
  /** Time of the next tick; null once there will be none. */
  nextAtMs(): number | null;
  /** Releases the next tick. Only after `nextAtMs()` answered a number. */
  take(): MarketTick;
  /** Forgets ticks due before this time (a machine that slept); the next tick is at or after it. */
  skipTo(nowMs: number): void;
  /** Candles before the first tick, oldest first; called once, on a fresh start. */
  history(): Iterable<HistoryBar>;
  /** Everything needed to go on from here, as JSON. */
  state(): unknown;
  restore(state: unknown): void;
  /** Bars of a file that have begun to trade; 0 for the model. */
  bars(): number;
  /** Counted bad input of a replay; empty for the model. */
  refusals(): SourceRefusals;
}

export interface SourceRefusals {
  readonly count: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly samples: readonly { readonly line: number; readonly code: string; readonly text: string }[];
}

export const NO_REFUSALS: SourceRefusals = { count: 0, byCode: {}, samples: [] };
