import { describe, expect, it } from 'vitest';
import { json, type SentRequest, scriptedHyperliquid, T0 } from '#test/support/scripted-venue.ts';

const MINUTE = 60_000;
const asset = (name: string, over = {}) => ({ name, szDecimals: 2, maxLeverage: 20, ...over });

describe('instruments', () => {
  const venue =
    (over: { dexs?: unknown; native?: unknown; xyz?: unknown } = {}) =>
    ({ body }: SentRequest) => {
      if (body.type === 'perpDexs') return json(over.dexs ?? [null, { name: 'flx' }, { name: 'xyz' }]);
      if (body.dex === 'xyz')
        return json(over.xyz ?? { universe: [asset('xyz:A'), asset('xyz:B')], collateralToken: 0 });
      return json(over.native ?? { universe: [asset('BTC'), asset('OLD', { isDelisted: true }), asset('kPEPE')] });
    };
  const load = (answer: (request: SentRequest) => Response) =>
    scriptedHyperliquid(answer, { secrets: null, instruments: null }).hyperliquid.marketData.loadInstruments();

  it('are numbered by place, and by the place of their dex', async () => {
    expect((await load(venue())).rows.map((i) => [i.symbol, i.venueSymbol, i.subAccount, i.assetId, i.status])).toEqual(
      [
        ['BTC/USDC:USDC', 'BTC', null, 0, 'active'],
        ['OLD/USDC:USDC', 'OLD', null, 1, 'delisted'],
        ['KPEPE/USDC:USDC', 'kPEPE', null, 2, 'active'],
        ['XYZ-A/USDC:USDC', 'xyz:A', 'xyz', 120_000, 'active'],
        ['XYZ-B/USDC:USDC', 'xyz:B', 'xyz', 120_001, 'active'],
      ],
    );
  });

  it.each([
    ['a configured dex is not listed', { dexs: [null, { name: 'flx' }] }, 'configuration'],
    ['a dex is margined in another token', { xyz: { universe: [], collateralToken: 235 } }, 'configuration'],
    ['a dex does not say its collateral', { xyz: { universe: [asset('xyz:A')] } }, 'configuration'],
    ['a dex answers with native coins', { xyz: { universe: [asset('DOGE')], collateralToken: 0 } }, 'malformed-reply'],
  ])('are refused altogether when %s', async (_, over, kind) => {
    await expect(load(venue(over))).rejects.toMatchObject({ kind });
  });

  it.each([
    ['a lot is missing', asset('ODD', { szDecimals: undefined }), 'ODD/USDC:USDC'],
    ['a leverage is impossible', asset('ODD', { maxLeverage: 0 }), 'ODD/USDC:USDC'],
    ['its name is that of an outcome (HIP-4)', asset('#20'), null],
    ['it has no name', asset('', {}), null],
    ['it is no object', 'BTC', null],
  ])('keep their numbers around one that is odd, because %s', async (_, odd, symbol) => {
    const listed = await load(venue({ native: { universe: [asset('BTC'), odd, asset('ETH')] } }));
    expect(listed.rows.slice(0, 2).map((i) => [i.venueSymbol, i.assetId])).toEqual([
      ['BTC', 0],
      ['ETH', 2],
    ]);
    expect(listed.odd).toMatchObject([{ list: 'instruments', symbol }]);
  });

  it('leave out both of two coins that would share a symbol, and no other', async () => {
    const listed = await load(venue({ native: { universe: [asset('kX'), asset('BTC'), asset('KX')] } }));
    expect(listed.rows.map((i) => i.venueSymbol)).toEqual(['BTC', 'xyz:A', 'xyz:B']);
    expect(listed.odd.map((row) => [row.key, row.why])).toEqual([
      ['kX', 'two coins have one symbol'],
      ['KX', 'two coins have one symbol'],
    ]);
  });

  it('do not mind a dex without a name that nobody asked for', async () => {
    expect((await load(venue({ dexs: [null, { nom: 'flx' }, { name: 'xyz' }] }))).rows.at(-1)?.assetId).toBe(120_001);
  });
});

describe('candles', () => {
  const bar = (t: number, over = {}) => ({
    t,
    T: t + MINUTE - 1,
    s: 'BTC',
    i: '1m',
    o: '1.0',
    h: '2.0',
    l: '0.5',
    c: '1.5',
    v: '3.0',
    n: 1,
    ...over,
  });
  const start = T0 - (T0 % MINUTE);
  const fetchBars = (bars: unknown, nowMs: number) => {
    const { hyperliquid, clock, sent } = scriptedHyperliquid(() => json(bars), { secrets: null });
    clock.set(nowMs);
    const candles = hyperliquid.marketData.fetchCandles('BTC/USDC:USDC', '1m', start, start + 2 * MINUTE);
    return { candles, sent };
  };

  it('are final when a later one is there or their minute is over, whichever is known first', async () => {
    const two = fetchBars([bar(start + MINUTE), bar(start)], start + MINUTE + 200);
    expect((await two.candles).rows.map((c) => [c.openTimeMs, c.final])).toEqual([
      [start, true],
      [start + MINUTE, false],
    ]);
    const early = fetchBars([bar(start)], start + MINUTE + 999);
    expect((await early.candles).rows[0]?.final, 'clocks differ: not yet').toBe(false);
    const late = fetchBars([bar(start)], start + MINUTE + 1_000);
    expect((await late.candles).rows[0]).toMatchObject({ final: true, open: '1', volume: '3' });
  });

  it('come once each and only from the asked range', async () => {
    const bars = [bar(start), bar(start), bar(start - MINUTE), bar(start + 3 * MINUTE)];
    const { candles, sent } = fetchBars(bars, T0);
    expect((await candles).rows.map((c) => c.openTimeMs)).toEqual([start]);
    expect(sent[0]?.body).toEqual({
      type: 'candleSnapshot',
      req: { coin: 'BTC', interval: '1m', startTime: start, endTime: start + 2 * MINUTE },
    });
  });

  it('are malformed when the answer is no list', async () => {
    await expect(fetchBars({ bars: [] }, T0).candles).rejects.toMatchObject({ kind: 'malformed-reply' });
  });

  it.each([
    ['opens between two minutes', bar(start + 1), start + 1],
    ['has a price that is a number', bar(start, { o: 1 }), start],
    ['has no time', bar(start, { t: 'now' }), null],
  ])('stand beside one that %s', async (_, odd, venueTimeMs) => {
    const { rows, odd: aside } = await fetchBars([odd, bar(start + MINUTE)], T0).candles;
    expect(rows.map((c) => c.openTimeMs)).toEqual([start + MINUTE]);
    expect(aside).toMatchObject([{ list: 'candles', symbol: 'BTC/USDC:USDC', venueTimeMs }]);
    expect(JSON.parse(aside[0]!.payload)).toEqual(odd);
  });
});

describe('mark prices', () => {
  it('are malformed when assets and contexts do not pair', async () => {
    const { hyperliquid } = scriptedHyperliquid(() => json([{ universe: [asset('BTC')] }, []]), { secrets: null });
    await expect(hyperliquid.marketData.fetchMarkPrices()).rejects.toMatchObject({ kind: 'malformed-reply' });
  });

  it('are malformed when a dex answers with the native ones', async () => {
    const native = [{ universe: [asset('BTC')] }, [{ markPx: '65000.0', midPx: null }]];
    const { hyperliquid } = scriptedHyperliquid(() => json(native), { secrets: null });
    await expect(hyperliquid.marketData.fetchMarkPrices()).rejects.toMatchObject({ kind: 'malformed-reply' });
  });

  it.each([
    ['negative', '-65000.0'],
    ['zero', '0.0'],
    ['a number', 65000],
  ])('stand beside one that is %s', async (_, markPx) => {
    const reply = [{ universe: [asset('BTC'), asset('ETH')] }, [{ markPx, midPx: null }, { markPx: '3000.0' }]];
    const { hyperliquid } = scriptedHyperliquid(() => json(reply), { secrets: null, dexes: [] });
    const { rows, odd } = await hyperliquid.marketData.fetchMarkPrices();
    expect(rows.map((mark) => mark.symbol)).toEqual(['ETH/USDC:USDC']);
    expect(odd).toMatchObject([{ list: 'marks', symbol: 'BTC/USDC:USDC' }]);
  });

  it('leave delisted ones out and know a missing mid price', async () => {
    const reply = [
      { universe: [asset('BTC'), asset('OLD', { isDelisted: true })] },
      [{ markPx: '65000.0', midPx: null }, { markPx: '1.0' }],
    ];
    const { hyperliquid } = scriptedHyperliquid(() => json(reply), { secrets: null, dexes: [] });
    expect((await hyperliquid.marketData.fetchMarkPrices()).rows).toEqual([
      { symbol: 'BTC/USDC:USDC', markPrice: '65000', midPrice: null, observedAtMs: T0 },
    ]);
  });
});

describe('health', () => {
  it('is asked at most every five minutes and answers what is wrong', async () => {
    let up = true;
    const answer = ({ body }: SentRequest) => {
      if (!up) return new Response('', { status: 503 });
      return body.type === 'perpDexs'
        ? json([null, { name: 'xyz' }])
        : json({ universe: [asset(body.dex ? 'xyz:A' : 'BTC')], collateralToken: 0 });
    };
    const { hyperliquid, clock, sent } = scriptedHyperliquid(answer, { secrets: null });
    expect(await hyperliquid.checkHealth()).toMatchObject({ healthy: true, instruments: 2, error: null });
    const asked = sent.length;
    up = false;
    clock.set(T0 + 300_000);
    expect((await hyperliquid.checkHealth()).healthy).toBe(true);
    expect(sent.length).toBe(asked);
    clock.set(T0 + 300_001);
    expect(await hyperliquid.checkHealth()).toMatchObject({
      healthy: false,
      instruments: null,
      errorKind: 'unavailable',
      breakers: { 'market-data': 'closed' },
    });
  });
});
