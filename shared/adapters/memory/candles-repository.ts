import { decimalText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { CandlesRepository, TradingRange } from '#shared/ports/repositories/candles-repository.ts';

/** As both databases give it back. */
const inShortestDigits = (candle: Candle): Candle => ({
  ...candle,
  open: decimalText(candle.open),
  high: decimalText(candle.high),
  low: decimalText(candle.low),
  close: decimalText(candle.close),
  volume: decimalText(candle.volume),
});

export function memoryCandlesRepository(): CandlesRepository {
  const candles = new Map<string, Candle>();
  const ranges = new Map<string, TradingRange & { readonly exchange: string }>();
  const idOf = (c: Candle) => `${c.exchange}|${c.symbol}|${c.timeframe}|${c.openTimeMs}`;
  const byTime = (keep: (c: Candle) => boolean) =>
    [...candles.values()].filter(keep).sort((a, b) => a.openTimeMs - b.openTimeMs);
  return {
    async save(batch) {
      for (const candle of batch) {
        if (candle.final || !candles.get(idOf(candle))?.final) candles.set(idOf(candle), inShortestDigits(candle));
      }
    },
    async recentFinal(exchange, symbol, timeframe, limit) {
      const own = byTime((c) => c.exchange === exchange && c.symbol === symbol && c.timeframe === timeframe && c.final);
      return own.slice(Math.max(0, own.length - limit));
    },
    async range(exchange, symbol, timeframe, fromMs, toMs, limit) {
      const own = byTime((c) => c.exchange === exchange && c.symbol === symbol && c.timeframe === timeframe);
      return own.filter((c) => c.openTimeMs >= fromMs && c.openTimeMs <= toMs).slice(0, limit);
    },
    async finalBetween(exchange, timeframe, fromMs, toMs, limit) {
      const own = byTime((c) => c.exchange === exchange && c.timeframe === timeframe && c.final);
      return own
        .filter((c) => c.openTimeMs >= fromMs && c.openTimeMs < toMs)
        .sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
        .slice(0, limit);
    },
    async saveTradingRanges(exchange, batch) {
      for (const { symbol, high, low } of batch) {
        ranges.set(`${exchange}|${symbol}`, { exchange, symbol, high: decimalText(high), low: decimalText(low) });
      }
    },
    async tradingRanges(exchange) {
      return [...ranges.values()]
        .filter((r) => r.exchange === exchange)
        .map(({ symbol, high, low }) => ({ symbol, high, low }))
        .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
    },
    async prune(timeframe, beforeMs, limit) {
      const oldest = byTime((c) => c.timeframe === timeframe && c.openTimeMs < beforeMs).slice(0, limit);
      for (const candle of oldest) candles.delete(idOf(candle));
      return oldest.length;
    },
  };
}
