import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMarketBundle, marketBundlePrefix, marketBundleSchema } from '#shared/messages/market-bundle.ts';

describe('encodeMarketBundle', () => {
  it('writes byte for byte what JSON.stringify writes, and the schema reads it', () => {
    const item = fc.record({
      id: fc.oneof(fc.nat().map(String), fc.string({ minLength: 1, maxLength: 20 })),
      px: fc.constantFrom('1', '69172.50', '0.00001'),
      sz: fc.constantFrom('0', '0.5'),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      t: fc.nat(2_000_000_000),
    });
    const symbols = fc.constantFrom('BTC/USDC:USDC', 'a"\\b', 'Ünï');
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 5 }), symbols, fc.boolean(), (items, symbol, gap) => {
        const trace = { correlationId: '00ff', bornAtMs: 12 };
        const bundle = { v: 1, type: 'trades', exchange: 'hyperliquid', symbol, items, ...(gap ? { gap } : {}), trace };
        const ticks = items.map((i) => ({
          exchange: 'hyperliquid',
          symbol,
          tradeId: i.id,
          price: i.px,
          size: i.sz,
          side: i.side,
          venueTimeMs: i.t,
        }));

        const text = encodeMarketBundle(marketBundlePrefix('hyperliquid', symbol), ticks, gap, trace);

        expect(text).toBe(JSON.stringify(bundle));
        expect(marketBundleSchema.parse(JSON.parse(text))).toEqual(bundle);
      }),
    );
  });
});
