import { dec } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import { DAY_MS, timeframeMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { CandlesRepository, TradingRange } from '#shared/ports/repositories/candles-repository.ts';

export interface UpdateTradingRangesDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly candles: Pick<CandlesRepository, 'finalBetween' | 'saveTradingRanges'>;
}

const TIMEFRAME = '4h';
const FROM_DAYS = 3;
const TO_DAYS = 1;
const BARS_PER_SYMBOL = ((FROM_DAYS - TO_DAYS) * DAY_MS) / timeframeMs(TIMEFRAME);

/** Highest high and lowest low of the 4h bars that opened between three days and one day ago. Symbols without bars keep theirs. */
export async function updateTradingRanges(
  deps: UpdateTradingRangesDeps,
  input: { readonly exchange: string; readonly symbols: readonly string[] },
): Promise<readonly TradingRange[]> {
  const nowMs = deps.clock.nowMs();
  const wanted = new Set(input.symbols);
  const bars = await deps.candles.finalBetween(
    input.exchange,
    TIMEFRAME,
    nowMs - FROM_DAYS * DAY_MS,
    nowMs - TO_DAYS * DAY_MS,
    // Bars of symbols that are managed no longer may be there too.
    2 * input.symbols.length * BARS_PER_SYMBOL,
  );
  const ranges = new Map<string, TradingRange>();
  for (const bar of bars) if (wanted.has(bar.symbol)) ranges.set(bar.symbol, widen(ranges.get(bar.symbol), bar));
  const found = [...ranges.values()];
  await deps.candles.saveTradingRanges(input.exchange, found, nowMs);
  return found;
}

const widen = (range: TradingRange | undefined, { symbol, high, low }: Candle): TradingRange => ({
  symbol,
  high: range && dec(range.high).gte(high) ? range.high : high,
  low: range && dec(range.low).lte(low) ? range.low : low,
});
