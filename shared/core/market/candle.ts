import type { DecimalText } from '../decimal.ts';
import type { EpochMs, Timeframe } from '../time.ts';

/** One bar. Identity: (exchange, symbol, timeframe, openTimeMs). Final only once its interval is over at the venue. */
export interface Candle {
  readonly exchange: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly openTimeMs: EpochMs;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  /** Base units. */
  readonly volume: DecimalText;
  readonly final: boolean;
}
