import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeMarketBundle,
  marketBundlePrefix,
  marketBundleSchema,
  readMarketBundle,
} from '#shared/messages/market-bundle.ts';

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

describe('readMarketBundle', () => {
  const item = { id: '7', px: '100.5', sz: '0', side: 'buy', t: 1_700_000_000_000 };
  const trace = { correlationId: '00ff', bornAtMs: 12 };
  const bundle = { v: 1, type: 'trades', exchange: 'hyperliquid', symbol: 'BTC/USDC:USDC', items: [item], trace };

  it.each(['-1', '0', '0.000', '-0.5', '-0'])('refuses a trade at the price %s', (px) => {
    const text = JSON.stringify({ ...bundle, items: [item, { ...item, px }] });
    expect(readMarketBundle(text)).toMatchObject({ success: false, error: expect.stringContaining('positive') });
    expect(marketBundleSchema.safeParse(JSON.parse(text)).success).toBe(false);
  });

  it('refuses a trade of a negative size, and takes one of none: a polled price', () => {
    const sized = (sz: string) => JSON.stringify({ ...bundle, items: [{ ...item, sz }] });
    expect(readMarketBundle(sized('-0.5')).success).toBe(false);
    expect(readMarketBundle(sized('0')).success).toBe(true);
  });

  it('reads what the schema reads and refuses what it refuses, with any field replaced by anything', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        true,
        '',
        'x',
        '1',
        '-1',
        '0',
        '0.00',
        '1e5',
        '01',
        0,
        -1,
        1.5,
        2 ** 53,
        [],
        {},
      ),
      fc.constantFrom<unknown>(
        'x'.repeat(50),
        'x'.repeat(51),
        'x'.repeat(64),
        'x'.repeat(65),
        4_102_444_800_001,
        'sell',
      ),
      fc.constantFrom<unknown>([item, item], [null], [[]], [{ ...item, more: 1 }], { ...trace, more: 1 }),
    );
    const field = (name: string) => fc.record({ name: fc.constant(name), value: odd });
    const where = fc.constantFrom<'bundle' | 'item' | 'trace'>('bundle', 'item', 'trace');
    const names = [...Object.keys(bundle), ...Object.keys(item), ...Object.keys(trace), 'gap', 'more'];
    fc.assert(
      fc.property(where, fc.constantFrom(...names).chain(field), (place, { name, value }) => {
        const changed = { [name]: value };
        const text = JSON.stringify({
          ...bundle,
          ...(place === 'bundle' ? changed : {}),
          ...(place === 'item' ? { items: [item, { ...item, ...changed }] } : {}),
          ...(place === 'trace' ? { trace: { ...trace, ...changed } } : {}),
        });
        const expected = marketBundleSchema.safeParse(JSON.parse(text));

        const read = readMarketBundle(text);

        expect(read.success).toBe(expected.success);
        if (read.success) expect(read.data).toEqual(expected.data);
        else expect(read.error).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['', '{', 'null', '[]', '7', '"text"'])('gives no bundle of %j', (text) => {
    expect(readMarketBundle(text).success).toBe(false);
  });
});
