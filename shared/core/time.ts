/** Epoch milliseconds, UTC. The only representation of time inside the platform. */
export type EpochMs = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Start of the slot of `cadenceMs` that holds `atMs`: the identity of a scheduled invocation. */
export const slotOf = (atMs: EpochMs, cadenceMs: number): EpochMs => Math.floor(atMs / cadenceMs) * cadenceMs;

const TIMEFRAME_MS = {
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '2h': 2 * HOUR_MS,
  '4h': 4 * HOUR_MS,
  '8h': 8 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': DAY_MS,
} as const;

/** Candle intervals that we store. */
export type Timeframe = keyof typeof TIMEFRAME_MS;
export const TIMEFRAMES = Object.keys(TIMEFRAME_MS) as Timeframe[];
export const timeframeMs = (timeframe: Timeframe): number => TIMEFRAME_MS[timeframe];
export const isTimeframe = (value: string): value is Timeframe => Object.hasOwn(TIMEFRAME_MS, value);
