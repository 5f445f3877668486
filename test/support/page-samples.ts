import { decimalText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { OrderView, PlatformSnapshot, SymbolSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { PnlReport } from '#shared/usecases/read-pnl.ts';

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

function samplePrice(symbol: string, atMs: number): string {
  const [base, decimals] = BASES[symbol] ?? [100, 2];
  return priceAt(base, atMs / 60_000).toFixed(decimals);
}

type Sources = SymbolSnapshot['sources'];
const sources = (sizes: readonly (string | null)[], why: readonly (string | null)[] = []): Sources =>
  sizes.map((size, i) => ({
    source: ['own-table', 'observer:observer-1', 'observer:observer-2'][i]!,
    size,
    ageMs: size === null ? null : 1500 + 2300 * i,
    counts: (why[i] ?? null) === null,
    why: why[i] ?? null,
  }));

const decided = (
  kind: string,
  code: string,
  message: string,
  count: number,
  nowMs: number,
): SymbolSnapshot['decision'] => ({
  id: `cycle-${code}`,
  kind,
  code,
  message,
  count,
  atMs: nowMs - 4000,
  ageMs: 4000,
  clientOrderId: kind === 'order' ? '0x3b1fd02c9d4e8730a37e98370d5e5d2d' : null,
});

const held = (
  size: string,
  entryPrice: string,
  valueQuote: string,
  unrealizedPnlQuote: string,
): Partial<SymbolSnapshot> => ({
  actual: { size, ageMs: 2000, stale: false },
  entryPrice,
  valueQuote,
  unrealizedPnlQuote,
});

export function symbolSample(symbol: string, nowMs: number, over: Partial<SymbolSnapshot> = {}): SymbolSnapshot {
  return {
    symbol,
    venueSymbol: symbol.split('/')[0]!,
    sizeStep: decimalText(10 ** -(BASES[symbol]?.[1] ?? 2)),
    marginMode: 'cross',
    minNotionalQuote: '10',
    maxLeverage: 20,
    leverage: 10,
    managed: true,
    released: false,
    hold: null,
    dataState: 'live',
    price: {
      price: samplePrice(symbol, nowMs),
      ageMs: 400,
      stale: false,
      markPrice: null,
      markAgeMs: null,
      counts: true,
    },
    desired: { size: '0', reason: null },
    actual: { size: '0', ageMs: 2000, stale: false },
    entryPrice: null,
    valueQuote: null,
    unrealizedPnlQuote: null,
    sources: sources(['0', '0', '0']),
    quorum: true,
    decision: decided('in-sync', 'in-sync', 'desired and actual differ by less than the threshold', 12, nowMs),
    runs: { live: 14, long: 8, short: 3, direction: 5, pnlQuote: '1.25' },
    ...over,
  };
}

/** A busy platform: positions, an order on its way, refusals, a dissent, a hold, an unknown wish and a stale price. */
export function pageSample(nowMs: number, over: Partial<PlatformSnapshot> = {}): PlatformSnapshot {
  const symbols = [
    symbolSample('BTC/USDC:USDC', nowMs, {
      ...held('0.00768', '64988.1', '501.2', '2.1834'),
      desired: { size: '0.00921', reason: null },
      sources: sources(['0.00768', '0.00768', '0.00768']),
      decision: decided(
        'order',
        'increase',
        'buy 0.00153 to reach 0.00921: 12 runs long, 2 short, 50 USD each',
        1,
        nowMs,
      ),
    }),
    symbolSample('ETH/USDC:USDC', nowMs, {
      ...held('-0.1562', '3204.5', '499.1', '-1.2040'),
      desired: { size: '-0.1562', reason: null },
      sources: sources(['-0.1562', '-0.1562', '-0.1562']),
    }),
    symbolSample('SOL/USDC:USDC', nowMs, {
      desired: { size: '1.33', reason: null },
      decision: decided('refusal', 'margin', 'margin 214.07 of 15012.35 is above 1.4 %: nothing is opened', 31, nowMs),
    }),
    symbolSample('HYPE/USDC:USDC', nowMs, {
      ...held('2.85', '34.92', '99.6', '0.3312'),
      desired: { size: '5.71', reason: null },
      sources: sources(['2.85', '0', '2.85'], [null, 'before-settlement', null]),
      quorum: false,
      decision: decided(
        'refusal',
        'awaiting-fill-visibility',
        '2 of 3 sources have seen the fill of 12:04:11; waiting',
        3,
        nowMs,
      ),
    }),
    symbolSample('ZEC/USDC:USDC', nowMs, {
      desired: { size: null, reason: 'data-gap' },
      dataState: 'data-gap',
      price: { price: '60.11', ageMs: 160_000, stale: true, markPrice: null, markAgeMs: null, counts: false },
      sources: sources(['0', '0', null], [null, null, 'unreadable']),
      decision: decided('refusal', 'price-stale', 'the last price is 160 s old; at most 10 s', 16, nowMs),
    }),
    symbolSample('APT/USDC:USDC', nowMs, {
      ...held('31', '8.0121', '248.4', '0.0900'),
      sources: sources(['31', '31', '25']),
      quorum: false,
      hold: 'a fill of 6 that no order of ours explains; adopt or release it',
      decision: decided('refusal', 'dissent', 'sources differ by 6', 1, nowMs),
    }),
    symbolSample('XYZ-CL/USDC:USDC', nowMs, {
      managed: false,
      actual: null,
      runs: { live: 0, long: 0, short: 0, direction: 0, pnlQuote: '0' },
    }),
  ];
  return {
    v: 1,
    nowMs,
    exchange: 'hyperliquid',
    account: 'main',
    ages: { priceMs: 10_000, markMs: 180_000, accountMs: 300_000, futureMs: 2_000 },
    readiness: { ready: true, checks: [{ check: 'state', ok: true, problem: null }] },
    system: {
      state: 'HEALTHY',
      lockMode: null,
      reason: 'approved',
      changedBy: 'automatic approval',
      changedAtMs: nowMs - 500_000,
      approved: true,
      version: 4,
      missing: [],
    },
    money: {
      equityQuote: '15012.348112',
      marginUsedQuote: '214.07',
      withdrawableQuote: '14700.1',
      unrealizedPnlQuote: '1.4006',
      ageMs: 2000,
      complete: true,
      stale: false,
    },
    symbols,
    foreignPositions: [],
    orders: orderSamples(nowMs),
    takeProfit: null,
    counts: {
      workingOrders: 2,
      unknownOrders: 1,
      pendingOutbox: 0,
      deadLetters: 0,
      alerts: 1,
      liveRuns: 100,
      openPositions: 4,
      holds: 1,
    },
    lastRefusal: null,
    jobs: [],
    ...over,
  };
}

const orderSample = (nowMs: number, n: number, over: Partial<OrderView>): OrderView => ({
  clientOrderId: `0x${String(n).repeat(32)}`,
  symbol: 'BTC/USDC:USDC',
  orderClass: 'open',
  side: 'buy',
  size: '0.00153',
  limitPrice: '65310',
  timeInForce: 'Ioc',
  reduceOnly: false,
  status: 'filled',
  filledSize: over.size ?? '0.00153',
  averagePrice: '65012.2',
  errorCode: null,
  errorMessage: null,
  createdAtMs: nowMs - 20_000,
  endedAtMs: nowMs - 19_900,
  ...over,
});

const unanswered = { filledSize: '0', averagePrice: null, endedAtMs: null };

const orderSamples = (nowMs: number): OrderView[] => [
  orderSample(nowMs, 1, { ...unanswered, status: 'sending', createdAtMs: nowMs - 900 }),
  orderSample(nowMs, 2, {
    ...unanswered,
    symbol: 'HYPE/USDC:USDC',
    status: 'unknown',
    size: '2.85',
    limitPrice: '35.1',
    errorCode: 'timeout',
    errorMessage: 'no answer within 10 s; asking the venue',
    createdAtMs: nowMs - 12_000,
  }),
  orderSample(nowMs, 3, {
    symbol: 'ETH/USDC:USDC',
    side: 'sell',
    size: '0.1562',
    limitPrice: '3188.4',
    averagePrice: '3204.5',
    createdAtMs: nowMs - 41_000,
  }),
  orderSample(nowMs, 4, {
    symbol: 'APT/USDC:USDC',
    orderClass: 'reduce',
    side: 'sell',
    size: '25',
    limitPrice: '7.9533',
    averagePrice: '8.0121',
    createdAtMs: nowMs - 200_000,
  }),
  orderSample(nowMs, 5, {
    symbol: 'SOL/USDC:USDC',
    status: 'rejected',
    filledSize: '0',
    averagePrice: null,
    size: '0.05',
    limitPrice: '150.7',
    errorCode: 'min-notional',
    errorMessage: 'Order must have minimum value of $10.',
    createdAtMs: nowMs - 4_000_000,
  }),
];

const FRAME_MS: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
};

/** Bars up to `nowMs`, as `GET /api/candles` answers. */
export function pageCandles(asked: {
  symbol: string;
  timeframe: string;
  limit: number;
  nowMs: number;
}): readonly Candle[] {
  const frameMs = FRAME_MS[asked.timeframe] ?? 60_000;
  const [base, decimals] = BASES[asked.symbol] ?? [100, 2];
  const last = Math.floor(asked.nowMs / frameMs) * frameMs;
  return Array.from({ length: asked.limit }, (_, i) => {
    const openTimeMs = last - (asked.limit - 1 - i) * frameMs;
    const prices = [0, 0.3, 0.6, 0.99].map((part) => priceAt(base, (openTimeMs + part * frameMs) / 60_000));
    return {
      exchange: 'hyperliquid',
      symbol: asked.symbol,
      timeframe: asked.timeframe as Candle['timeframe'],
      openTimeMs,
      open: prices[0]!.toFixed(decimals),
      high: (Math.max(...prices) * 1.0004).toFixed(decimals),
      low: (Math.min(...prices) * 0.9996).toFixed(decimals),
      close: prices[3]!.toFixed(decimals),
      volume: (40 + 60 * Math.abs(Math.sin(openTimeMs / frameMs))).toFixed(2),
      final: openTimeMs < last,
    };
  });
}

/** Newest first, as `GET /api/trades` answers. */
export const pageFills = (symbol: string, nowMs: number): readonly StoredFill[] =>
  [8, 33, 60, 95].map((minutesAgo, i) => ({
    account: 'main',
    ours: true,
    symbol,
    tradeId: `t${minutesAgo}`,
    venueOrderId: `o${minutesAgo}`,
    clientOrderId: null,
    side: i % 2 === 0 ? 'sell' : 'buy',
    price: samplePrice(symbol, nowMs - minutesAgo * 60_000),
    size: '0.0031',
    fee: { amount: '0.09', currency: 'USDC' },
    feeQuote: '0.09',
    closedPnlQuote: '0',
    startPosition: '0',
    crossed: true,
    liquidation: false,
    venueTimeMs: nowMs - minutesAgo * 60_000,
  }));

export const pagePnl = (nowMs: number): PnlReport => ({
  nowMs,
  curve: Array.from({ length: 400 }, (_, i) => [
    nowMs - (400 - i) * 60_000,
    (15_000 + 9 * Math.sin(i / 25) + i * 0.03 + 2 * Math.sin(i * 1.3)).toFixed(6),
    '15000',
  ]),
  equityStartQuote: '15000',
  equityEndQuote: '15012.34',
  netTransfersQuote: '0',
  changeQuote: '12.34',
  sinceStart: null,
  realizedQuote: '11.021',
  feesQuote: '3.4471',
  unrealizedQuote: '1.4',
  bySymbol: [],
});

/** `GET /api/why/…`, with text that would be markup if anything turned it into markup. */
export const pageWhy = (subject: string, nowMs: number): Record<string, unknown> => ({
  nowMs,
  symbol: subject,
  sections: [
    { title: 'Decision', lines: [`order increase: buy 0.00153 of ${subject}`, 'desired 0.00921, actual 0.00768'] },
    { title: 'Sizing', lines: ['12 runs are long and 2 short, 50 USD each, at 65012'] },
    { title: 'Rules', lines: ['<img src=x onerror="document.title=\'broken\'">'] },
  ],
  decision: {
    id: 'cycle-1',
    inputs: { sources: [{ source: 'own-table', size: '0.00768' }] },
    createdAtMs: nowMs - 4000,
  },
  order: null,
  fills: [],
});
