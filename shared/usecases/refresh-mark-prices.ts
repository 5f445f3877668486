import type { MarketDataSource } from '#shared/ports/exchange.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';

export interface RefreshMarkPricesDeps {
  readonly market: Pick<MarketDataSource, 'fetchMarkPrices'>;
  readonly prices: Pick<PricesRepository, 'saveMarkPrices'>;
}

/** Stores the venue's mark prices of the symbols given. Returns how many; rejects with the venue's `ExchangeError`. */
export async function refreshMarkPrices(
  deps: RefreshMarkPricesDeps,
  input: { readonly exchange: string; readonly symbols: readonly string[] },
): Promise<{ readonly stored: number }> {
  if (input.symbols.length === 0) return { stored: 0 };
  const wanted = new Set(input.symbols);
  const marks = (await deps.market.fetchMarkPrices()).filter((mark) => wanted.has(mark.symbol));
  await deps.prices.saveMarkPrices(input.exchange, marks);
  return { stored: marks.length };
}
