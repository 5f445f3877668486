import type { OddRow } from '#shared/core/odd-row.ts';
import type { MarketDataSource } from '#shared/ports/exchange.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';

export interface RefreshMarkPricesDeps {
  readonly market: Pick<MarketDataSource, 'fetchMarkPrices'>;
  readonly prices: Pick<PricesRepository, 'saveMarkPrices'>;
}

/**
 * Stores the venue's mark prices of the symbols given. Returns how many, and those that say nothing: such a mark
 * stays what it was and ages. Rejects with the venue's `ExchangeError`.
 */
export async function refreshMarkPrices(
  deps: RefreshMarkPricesDeps,
  input: { readonly exchange: string; readonly symbols: readonly string[] },
): Promise<{ readonly stored: number; readonly odd: readonly OddRow[] }> {
  if (input.symbols.length === 0) return { stored: 0, odd: [] };
  const wanted = new Set(input.symbols);
  const { rows, odd } = await deps.market.fetchMarkPrices();
  const marks = rows.filter((mark) => wanted.has(mark.symbol));
  await deps.prices.saveMarkPrices(input.exchange, marks);
  return { stored: marks.length, odd: odd.filter(({ symbol }) => symbol === null || wanted.has(symbol)) };
}
