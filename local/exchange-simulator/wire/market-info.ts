import { MINUTE_MS } from '#shared/core/time.ts';
import { DEXES } from '../market-specs.ts';
import { bookOf, type MarketState, markOf, type World } from '../venue/world.ts';
import { wireDecimal, wireNumber } from '../wire-number.ts';

const marketsOf = (world: World, dex: string): MarketState[] =>
  world.markets.filter((market) => (market.spec.dex ?? '') === dex);

export const isDex = (dex: string): boolean => dex === '' || DEXES.some((known) => known.name === dex);

/** `meta` of a dex; the empty name is the native one. */
export const meta = (world: World, dex: string) => ({
  universe: marketsOf(world, dex).map(({ spec }) => ({
    szDecimals: spec.sizeDecimals,
    name: spec.coin,
    maxLeverage: spec.maxLeverage,
    marginTableId: spec.maxLeverage,
    ...(spec.onlyIsolated ? { onlyIsolated: true } : {}),
  })),
  marginTables: [...new Set(marketsOf(world, dex).map(({ spec }) => spec.maxLeverage))].map((leverage) => [
    leverage,
    { description: '', marginTiers: [{ lowerBound: '0.0', maxLeverage: leverage }] },
  ]),
  collateralToken: 0,
});

export const assetContexts = (world: World, dex: string) =>
  marketsOf(world, dex).map((market) => {
    const { bids, asks } = bookOf(market);
    const mid = midOf(market);
    return {
      funding: market.spec.hourlyFunding,
      openInterest: '1000.0',
      prevDayPx: wireNumber(market.prevDayPx),
      dayNtlVlm: wireNumber(Number(market.dayNotional.toFixed(6))),
      premium: '0.0',
      oraclePx: wireDecimal(markOf(market)),
      markPx: wireDecimal(markOf(market)),
      midPx: mid,
      impactPxs: bids[0] && asks[0] ? [wireDecimal(bids[0].price), wireDecimal(asks[0].price)] : null,
      dayBaseVlm: wireNumber(Number((market.dayNotional / market.price).toFixed(market.spec.sizeDecimals))),
    };
  });

export function midOf(market: MarketState): string | null {
  const { bids, asks } = bookOf(market);
  return bids[0] && asks[0] ? wireDecimal(bids[0].price.plus(asks[0].price).div(2)) : null;
}

export const allMids = (world: World, dex: string): Record<string, string> =>
  Object.fromEntries(
    marketsOf(world, dex).flatMap((market) => {
      const mid = midOf(market);
      return mid === null ? [] : [[market.spec.coin, mid]];
    }),
  );

const level = (l: { price: Parameters<typeof wireDecimal>[0]; size: typeof l.price; orders: number }) => ({
  px: wireDecimal(l.price),
  sz: wireDecimal(l.size),
  n: l.orders,
});

export const l2Book = (world: World, market: MarketState) => {
  const book = bookOf(market);
  return { coin: market.spec.coin, time: world.nowMs, levels: [book.bids.map(level), book.asks.map(level)] };
};

export const bbo = (world: World, market: MarketState) => {
  const { bids, asks } = bookOf(market);
  return {
    coin: market.spec.coin,
    time: world.nowMs,
    bbo: [bids[0] ? level(bids[0]) : null, asks[0] ? level(asks[0]) : null],
  };
};

export const perpDexs = (world: World) => [
  null,
  ...DEXES.map((dex) => ({
    name: dex.name,
    fullName: dex.fullName,
    deployer: dex.deployer,
    oracleUpdater: null,
    feeRecipient: dex.deployer,
    assetToStreamingOiCap: marketsOf(world, dex.name).map(({ spec }) => [spec.coin, '100000000.0']),
  })),
];

/** The simulator trades perpetuals; the spot side is there because clients load it. */
export const SPOT_META = {
  tokens: [
    spotToken('USDC', 8, 8, 0, '0x6d1e7cde53ba9467b783cb7c530ce054'),
    spotToken('PURR', 0, 5, 1, '0xc1fb593aeffbeb02f85e0308e9956a90'),
  ],
  universe: [{ name: 'PURR/USDC', tokens: [1, 0], index: 0, isCanonical: true }],
};

export const SPOT_CONTEXTS = [
  {
    prevDayPx: '0.2',
    dayNtlVlm: '0.0',
    markPx: '0.2',
    midPx: '0.2',
    circulatingSupply: '1000.0',
    coin: 'PURR/USDC',
    totalSupply: '1000.0',
    dayBaseVlm: '0.0',
  },
];

function spotToken(name: string, szDecimals: number, weiDecimals: number, index: number, tokenId: string) {
  return { name, szDecimals, weiDecimals, index, tokenId, isCanonical: true, evmContract: null, fullName: null };
}

/** Day statistics roll at UTC midnight. */
export function rollDay(market: MarketState, atMs: number): void {
  const day = Math.floor(atMs / (1440 * MINUTE_MS));
  if (market.dayStartMs === day) return;
  market.dayStartMs = day;
  market.prevDayPx = market.price;
  market.dayNotional = 0;
}
