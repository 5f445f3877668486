import { DAY_MS, slotOf, TIMEFRAMES, type Timeframe, timeframeMs } from '#shared/core/time.ts';

/** What the venue serves beyond the platform's own timeframes, and makes of its daily bars. */
const OF_DAYS = ['3d', '1w', '1M'] as const;
type OfDays = (typeof OF_DAYS)[number];

export type CandleInterval = Timeframe | OfDays;
export const CANDLE_INTERVALS: readonly CandleInterval[] = [...TIMEFRAMES, ...OF_DAYS];
export const isCandleInterval = (text: string): text is CandleInterval =>
  (CANDLE_INTERVALS as readonly string[]).includes(text);
export const isOfDays = (interval: CandleInterval): interval is OfDays =>
  (OF_DAYS as readonly string[]).includes(interval);

/**
 * First and last millisecond of the bar that holds `atMs`. Weeks begin on Thursday, as days since 1970 divide by seven
 * (https://github.com/rainbow-me/rainbow/pull/6920), months on their first day, UTC.
 */
export function candleSpan(interval: CandleInterval, atMs: number): { readonly fromMs: number; readonly toMs: number } {
  if (interval === '1M') {
    const at = new Date(atMs);
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
    return { fromMs: Date.UTC(year, month), toMs: Date.UTC(year, month + 1) - 1 };
  }
  const lengthMs = interval === '3d' ? 3 * DAY_MS : interval === '1w' ? 7 * DAY_MS : timeframeMs(interval);
  const fromMs = slotOf(atMs, lengthMs);
  return { fromMs, toMs: fromMs + lengthMs - 1 };
}
