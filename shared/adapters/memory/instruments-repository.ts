import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Takeover } from '#shared/core/portfolio/takeover.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';

interface StoredProduct {
  readonly managed: boolean;
  readonly leverage: number | null;
  readonly released: boolean;
  readonly managedSinceMs: number | null;
  readonly takeover: Takeover | null;
}

const bySymbol = <T>(map: Map<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** In-memory double of instruments and products, for one or more exchanges. */
export function memoryInstrumentsRepository(): InstrumentsRepository {
  const instruments = new Map<string, Map<string, Instrument>>();
  const products = new Map<string, Map<string, StoredProduct>>();
  const of = <T>(maps: Map<string, Map<string, T>>, exchange: string): Map<string, T> => {
    const map = maps.get(exchange) ?? new Map<string, T>();
    maps.set(exchange, map);
    return map;
  };
  const isListed = (exchange: string, symbol: string): boolean => {
    const instrument = of(instruments, exchange).get(symbol);
    return instrument !== undefined && instrument.status !== 'delisted';
  };

  return {
    async replaceAll(exchange, answer, _seenAtMs) {
      const stored = of(instruments, exchange);
      const seen = new Set(answer.map((i) => i.symbol));
      let added = 0;
      let changed = 0;
      let delisted = 0;
      for (const instrument of answer) {
        const before = stored.get(instrument.symbol);
        if (!before) added += 1;
        else if (JSON.stringify(before) !== JSON.stringify({ ...before, ...instrument })) changed += 1;
        stored.set(instrument.symbol, instrument);
      }
      for (const [symbol, instrument] of stored) {
        if (seen.has(symbol) || instrument.status === 'delisted') continue;
        stored.set(symbol, { ...instrument, status: 'delisted' });
        delisted += 1;
      }
      return { added, changed, delisted, total: answer.length };
    },
    all: async (exchange) => bySymbol(of(instruments, exchange)).map(([, instrument]) => instrument),
    products: async (exchange) =>
      bySymbol(of(products, exchange)).flatMap(([symbol, { released, ...product }]) => {
        const instrument = of(instruments, exchange).get(symbol);
        return instrument && !released ? [{ instrument, ...product }] : [];
      }),
    async manage(exchange, symbol, leverage, atMs, takeover) {
      if (!isListed(exchange, symbol)) return 'unknown-instrument';
      const before = of(products, exchange).get(symbol);
      of(products, exchange).set(symbol, {
        managed: true,
        leverage,
        released: false,
        managedSinceMs: before?.managed && !before.released ? before.managedSinceMs : atMs,
        takeover: takeover === undefined ? (before?.takeover ?? null) : takeover,
      });
      return 'managed';
    },
    async manageNew(exchange, symbols, managedSinceMs) {
      const stored = of(products, exchange);
      const added = [...new Set(symbols)].filter((s) => isListed(exchange, s) && !stored.has(s));
      for (const symbol of added) {
        stored.set(symbol, { managed: true, leverage: null, released: false, managedSinceMs, takeover: 'unchecked' });
      }
      return { added, unknownInstruments: symbols.filter((s) => !isListed(exchange, s)) };
    },
    async endTakeover(exchange, symbols) {
      for (const { symbol, managedSinceMs } of symbols) {
        const product = of(products, exchange).get(symbol);
        if (product?.managedSinceMs === managedSinceMs)
          of(products, exchange).set(symbol, { ...product, takeover: null });
      }
    },
    async unmanage(exchange, symbol) {
      const product = of(products, exchange).get(symbol);
      if (!product?.managed || product.released) return 'not-managed';
      of(products, exchange).set(symbol, { ...product, managed: false, takeover: null });
      return 'unmanaged';
    },
    async retire(exchange, symbols, _atMs) {
      for (const symbol of symbols) {
        const product = of(products, exchange).get(symbol);
        if (product && !product.managed) of(products, exchange).set(symbol, { ...product, released: true });
      }
    },
    async releaseToOperator(exchange, symbol, _atMs) {
      const product = of(products, exchange).get(symbol);
      if (!product || product.released) return 'not-a-product';
      of(products, exchange).set(symbol, { ...product, managed: false, released: true, takeover: null });
      return 'released';
    },
  };
}
