import type { PageCandles, PagePnl, PageSnapshot } from '#shared/messages/page-snapshot.ts';

type SymbolSample = PageSnapshot['symbols'][number];

/** A wave with a trend, the same for the same minute: samples look alive and are reproducible. */
const priceAt = (base: number, minute: number): number =>
  base *
  (1 +
    0.006 * Math.sin(minute / 37) +
    0.0025 * Math.sin(minute / 7.3) +
    0.0009 * Math.sin(minute * 1.9) +
    (minute % 4000) / 4e6);

const BASES: Readonly<Record<string, readonly [price: number, decimals: number]>> = {
  'BTC/USDC:USDC': [65_000, 0],
  'ETH/USDC:USDC': [3200, 1],
  'SOL/USDC:USDC': [150, 2],
  'HYPE/USDC:USDC': [35, 3],
  'ZEC/USDC:USDC': [60, 2],
  'APT/USDC:USDC': [8, 4],
  'XYZ-CL/USDC:USDC': [75, 2],
};

/** The price that the samples give a symbol at a time. */
export function samplePrice(symbol: string, atMs: number): string {
  const [base, decimals] = BASES[symbol] ?? [100, 2];
  return priceAt(base, atMs / 60_000).toFixed(decimals);
}

export function symbolSample(symbol: string, nowMs: number, over: Partial<SymbolSample> = {}): SymbolSample {
  return {
    symbol,
    managed: true,
    price: { last: samplePrice(symbol, nowMs), mark: samplePrice(symbol, nowMs), venueTimeMs: nowMs - 400 },
    desired: { size: '0', unknownReason: null, atMs: nowMs - 1200 },
    position: null,
    sources: ['own-table', 'observer:observer-1', 'observer:observer-2'].map((source, i) => ({
      source,
      size: '0',
      venueTimeMs: nowMs - 2000 - 1700 * i,
      notCounting: null,
    })),
    quorum: 'agreed',
    lastDecision: {
      id: `cycle-${symbol}`,
      kind: 'in-sync',
      code: 'in-sync',
      message: 'desired and actual differ by less than the threshold',
      episodeCount: 12,
      atMs: nowMs - 21_000,
      clientOrderId: null,
    },
    holdReason: null,
    liveRuns: 14,
    ...over,
  };
}

const sources = (
  nowMs: number,
  sizes: readonly (string | null)[],
  notCounting: readonly (string | null)[] = [],
): SymbolSample['sources'] =>
  sizes.map((size, i) => ({
    source: ['own-table', 'observer:observer-1', 'observer:observer-2'][i]!,
    size,
    venueTimeMs: size === null ? null : nowMs - 1500 - 2300 * i,
    notCounting: notCounting[i] ?? null,
  }));

/** A busy platform: positions, an order on its way, a refusal, a dissent, a hold, an unknown wish and a stale price. */
export function pageSample(nowMs: number, over: Partial<PageSnapshot> = {}): PageSnapshot {
  const decision = (kind: string, code: string, message: string, episodeCount = 1): SymbolSample['lastDecision'] => ({
    id: `cycle-${code}`,
    kind,
    code,
    message,
    episodeCount,
    atMs: nowMs - 9000,
    clientOrderId: kind === 'order' ? '0x3b1fd02c9d4e8730a37e98370d5e5d2d' : null,
  });
  const position = (size: string, entryPrice: string, valueQuote: string, unrealizedPnlQuote: string) => ({
    size,
    entryPrice,
    valueQuote,
    unrealizedPnlQuote,
    venueTimeMs: nowMs - 2000,
  });
  return {
    v: 1,
    nowMs,
    stage: 'local',
    exchange: 'hyperliquid',
    exchangeKind: 'simulator',
    account: 'main',
    staleAfterMs: 90_000,
    system: {
      state: 'HEALTHY',
      lockMode: null,
      reason: 'approved',
      changedBy: 'automatic approval',
      changedAtMs: nowMs - 500_000,
      approved: true,
      version: 4,
    },
    balance: { equityQuote: '15012.348112', marginUsedQuote: '214.07', venueTimeMs: nowMs - 2000, complete: true },
    ticksPerSecond: 21.4,
    liveRuns: 100,
    symbols: [
      symbolSample('BTC/USDC:USDC', nowMs, {
        desired: { size: '0.00921', unknownReason: null, atMs: nowMs - 800 },
        position: position('0.00768', '64988.1', '501.2', '2.1834'),
        sources: sources(nowMs, ['0.00768', '0.00768', '0.00768']),
        lastDecision: decision('order', 'increase', 'buy 0.00153 to reach 0.00921: 12 runs long, 2 short, 50 USD each'),
      }),
      symbolSample('ETH/USDC:USDC', nowMs, {
        desired: { size: '-0.1562', unknownReason: null, atMs: nowMs - 700 },
        position: position('-0.1562', '3204.5', '499.1', '-1.2040'),
        sources: sources(nowMs, ['-0.1562', '-0.1562', '-0.1562']),
      }),
      symbolSample('SOL/USDC:USDC', nowMs, {
        desired: { size: '1.33', unknownReason: null, atMs: nowMs - 900 },
        sources: sources(nowMs, ['0', '0', '0']),
        lastDecision: decision(
          'refusal',
          'max-margin',
          'margin 214.07 of 15012.35 is above 1.4 %: nothing is opened',
          31,
        ),
      }),
      symbolSample('HYPE/USDC:USDC', nowMs, {
        desired: { size: '5.71', unknownReason: null, atMs: nowMs - 600 },
        position: position('2.85', '34.92', '99.6', '0.3312'),
        sources: sources(nowMs, ['2.85', '0', '2.85'], [null, 'before-settlement', null]),
        quorum: 'awaiting-fill-visibility',
        lastDecision: decision(
          'refusal',
          'awaiting-fill-visibility',
          '2 of 3 sources have seen the fill of 12:04:11; waiting',
          3,
        ),
      }),
      symbolSample('ZEC/USDC:USDC', nowMs, {
        desired: { size: null, unknownReason: 'data-gap', atMs: nowMs - 65_000 },
        price: { last: '60.11', mark: null, venueTimeMs: nowMs - 160_000 },
        sources: sources(nowMs, ['0', '0', null], [null, null, 'unreadable']),
        lastDecision: decision('refusal', 'price-stale', 'the last price is 160 s old; at most 10 s', 16),
      }),
      symbolSample('APT/USDC:USDC', nowMs, {
        position: position('31', '8.0121', '248.4', '0.0900'),
        sources: sources(nowMs, ['31', '31', '25']),
        quorum: 'dissent',
        holdReason: 'a fill of 6 that no order of ours explains; adopt or release it',
        lastDecision: decision('refusal', 'dissent', 'sources differ by 6'),
      }),
      symbolSample('XYZ-CL/USDC:USDC', nowMs, { managed: false, liveRuns: 0 }),
    ],
    orders: [
      orderSample(nowMs, {
        status: 'sending',
        createdAtMs: nowMs - 900,
        filledSize: '0',
        averagePrice: null,
        endedAtMs: null,
      }),
      orderSample(nowMs, {
        clientOrderId: `0x${'2'.repeat(32)}`,
        symbol: 'ETH/USDC:USDC',
        side: 'sell',
        size: '0.1562',
        filledSize: '0.1562',
        limitPrice: '3188.4',
        averagePrice: '3204.5',
        createdAtMs: nowMs - 41_000,
      }),
      orderSample(nowMs, {
        clientOrderId: `0x${'3'.repeat(32)}`,
        symbol: 'APT/USDC:USDC',
        size: '25',
        filledSize: '25',
        limitPrice: '8.0533',
        averagePrice: '8.0121',
        createdAtMs: nowMs - 200_000,
      }),
      orderSample(nowMs, {
        clientOrderId: `0x${'4'.repeat(32)}`,
        symbol: 'SOL/USDC:USDC',
        status: 'rejected',
        filledSize: '0',
        averagePrice: null,
        size: '1.33',
        limitPrice: '150.7',
        errorCode: 'min-notional',
        errorMessage: 'Order must have minimum value of $10.',
        createdAtMs: nowMs - 4_000_000,
      }),
      orderSample(nowMs, {
        clientOrderId: `0x${'5'.repeat(32)}`,
        symbol: 'HYPE/USDC:USDC',
        status: 'unknown',
        endedAtMs: null,
        filledSize: '0',
        averagePrice: null,
        size: '2.85',
        limitPrice: '35.1',
        errorCode: 'timeout',
        errorMessage: 'no answer within 10 s; asking the venue',
        createdAtMs: nowMs - 12_000,
      }),
    ],
    ...over,
  };
}

export function orderSample(
  nowMs: number,
  over: Partial<PageSnapshot['orders'][number]> = {},
): PageSnapshot['orders'][number] {
  return {
    clientOrderId: '0x3b1fd02c9d4e8730a37e98370d5e5d2d',
    symbol: 'BTC/USDC:USDC',
    side: 'buy',
    orderClass: 'open',
    size: '0.00153',
    filledSize: '0.00153',
    limitPrice: '65310',
    averagePrice: '65012.2',
    status: 'filled',
    errorCode: null,
    errorMessage: null,
    createdAtMs: nowMs - 20_000,
    endedAtMs: nowMs - 19_900,
    ...over,
  };
}

const FRAME_MS: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
};

export function pageCandles(asked: { symbol: string; timeframe: string; limit: number; nowMs: number }): PageCandles {
  const frameMs = FRAME_MS[asked.timeframe] ?? 60_000;
  const [base, decimals] = BASES[asked.symbol] ?? [100, 2];
  const last = Math.floor(asked.nowMs / frameMs) * frameMs;
  const candles = Array.from({ length: asked.limit }, (_, i) => {
    const openTimeMs = last - (asked.limit - 1 - i) * frameMs;
    const minutes = [0, 0.3, 0.6, 0.99].map((part) => priceAt(base, (openTimeMs + part * frameMs) / 60_000));
    const text = (value: number) => value.toFixed(decimals);
    return {
      openTimeMs,
      open: text(minutes[0]!),
      high: text(Math.max(...minutes) * 1.0004),
      low: text(Math.min(...minutes) * 0.9996),
      close: text(minutes[3]!),
      volume: String(40 + ((openTimeMs / frameMs) % 17) * 3),
      final: openTimeMs < last,
    };
  });
  const fills = [95, 60, 33, 8]
    .filter((ago) => ago < asked.limit)
    .map((ago, i) => ({
      tradeId: `t${ago}`,
      side: i % 2 === 0 ? ('buy' as const) : ('sell' as const),
      price: candles.at(-1 - ago)!.close,
      size: '0.0031',
      feeQuote: '0.09',
      closedPnlQuote: '0',
      venueTimeMs: last - ago * frameMs + 1000,
    }));
  return { v: 1, symbol: asked.symbol, timeframe: asked.timeframe, candles, fills };
}

export const pagePnl = (nowMs: number): PagePnl => ({
  v: 1,
  points: Array.from({ length: 400 }, (_, i) => ({
    venueTimeMs: nowMs - (400 - i) * 60_000,
    equityQuote: (15_000 + 9 * Math.sin(i / 25) + i * 0.03 + 2 * Math.sin(i * 1.3)).toFixed(6),
    netTransfersQuote: '15000',
    complete: i % 97 !== 50,
  })),
  realizedPnlQuote: '11.021',
  feesQuote: '3.4471',
});

/** The shape of `GET /api/why/…` as the page reads it: sentences, then sections. */
export const pageWhy = (subject: string): Record<string, unknown> => ({
  v: 1,
  summary: `${subject}: bought 0.00153 because 12 runs are long and 2 short.`,
  lines: ['The quorum of 3 sources agreed on 0.00768.'],
  sizing: { directionSum: 10, riskPosSizeQuote: '50', price: '65012', minTradeQuote: '20' },
  sources: [{ source: 'own-table', size: '0.00768', venueTimeMs: 1_790_000_000_000, notCounting: null }],
  hostile: '<img src=x onerror="document.title=\'broken\'">',
});
