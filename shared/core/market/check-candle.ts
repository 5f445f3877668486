import { dec, isDecimalText } from '../decimal.ts';
import { type Refusal, refusal } from '../refusal.ts';
import { timeframeMs } from '../time.ts';
import type { Candle } from './candle.ts';

export type CandleRefusal = Refusal<'not-a-number' | 'not-positive' | 'inconsistent' | 'misaligned'>;

/** Refuses a bar that no market can have made: numbers that are none, prices ≤ 0, high or low inside the body, odd open times. */
export function checkCandle(candle: Candle): CandleRefusal | null {
  const { open, high, low, close, volume, openTimeMs } = candle;
  const numbers = { openTimeMs, open, high, low, close, volume };
  if (![open, high, low, close, volume].every(isDecimalText)) {
    return refusal('not-a-number', 'a price or the volume is not a decimal number', numbers);
  }
  if (!Number.isSafeInteger(openTimeMs) || openTimeMs < 0 || openTimeMs % timeframeMs(candle.timeframe) !== 0) {
    return refusal('misaligned', `the open time is no multiple of ${candle.timeframe}`, numbers);
  }
  const [o, h, l, c] = [dec(open), dec(high), dec(low), dec(close)];
  if (l.lte(0) || o.lte(0) || c.lte(0) || dec(volume).lt(0)) {
    return refusal('not-positive', 'a price is not positive, or the volume is negative', numbers);
  }
  if (h.lt(o) || h.lt(c) || h.lt(l) || l.gt(o) || l.gt(c)) {
    return refusal('inconsistent', 'high or low lies inside the body of the bar', numbers);
  }
  return null;
}

/** The same bar told twice with different numbers: neither can be believed. */
export const sameBar = (a: Candle, b: Candle): boolean =>
  a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
