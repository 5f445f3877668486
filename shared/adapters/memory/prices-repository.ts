import { decimalText } from '#shared/core/decimal.ts';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { LatestPrice, PricesRepository } from '#shared/ports/repositories/prices-repository.ts';

export function memoryPricesRepository(): PricesRepository {
  const ticks = new Map<string, TradeTick>();
  const latest = new Map<string, LatestPrice>();
  return {
    async saveTicks(batch, receivedAtMs) {
      let stored = 0;
      for (const tick of batch) {
        const id = `${tick.exchange}|${tick.symbol}|${tick.tradeId}`;
        if (!ticks.has(id)) {
          ticks.set(id, tick);
          stored += 1;
        }
        const { exchange, symbol, tradeId, venueTimeMs } = tick;
        const key = `${exchange}|${symbol}`;
        const known = latest.get(key);
        if (known && known.venueTimeMs > venueTimeMs) continue;
        const mark = { markPrice: known?.markPrice ?? null, markTimeMs: known?.markTimeMs ?? null };
        const price = decimalText(tick.price);
        latest.set(key, { exchange, symbol, price, tradeId, venueTimeMs, receivedAtMs, ...mark });
      }
      return { stored };
    },
    async saveMarkPrices(exchange, marks) {
      for (const { symbol, markPrice, observedAtMs } of marks) {
        const key = `${exchange}|${symbol}`;
        const known = latest.get(key);
        if (!known || (known.markTimeMs !== null && known.markTimeMs >= observedAtMs)) continue;
        latest.set(key, { ...known, markPrice: decimalText(markPrice), markTimeMs: observedAtMs });
      }
    },
    async latest(exchange) {
      const own = [...latest.values()].filter((price) => price.exchange === exchange);
      return new Map(own.sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).map((price) => [price.symbol, price]));
    },
    async pruneTicks(beforeMs, limit) {
      const old = [...ticks].filter(([, tick]) => tick.venueTimeMs < beforeMs);
      const oldest = old.sort(([, a], [, b]) => a.venueTimeMs - b.venueTimeMs).slice(0, limit);
      for (const [id] of oldest) ticks.delete(id);
      return oldest.length;
    },
  };
}
