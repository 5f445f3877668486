import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';

export interface StorePricesDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly prices: Pick<PricesRepository, 'saveTicks'>;
}

export interface StorePricesOutcome {
  readonly ticks: number;
  /** Without those stored before. */
  readonly stored: number;
}

/** Bundles of trades → `stream_data` and `latest_prices`, in one transaction for all of them. Repeating it changes nothing. */
export async function storePrices(
  deps: StorePricesDeps,
  bundles: readonly MarketBundle[],
): Promise<StorePricesOutcome> {
  const ticks: TradeTick[] = [];
  for (const { exchange, symbol, items } of bundles) {
    for (const { id, px, sz, side, t } of items) {
      ticks.push({ exchange, symbol, tradeId: id, price: px, size: sz, side, venueTimeMs: t });
    }
  }
  if (ticks.length === 0) return { ticks: 0, stored: 0 };
  const { stored } = await deps.prices.saveTicks(ticks, deps.clock.nowMs());
  return { ticks: ticks.length, stored };
}
