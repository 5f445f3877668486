import { Decimal } from '#shared/core/decimal.ts';
import { HOUR_MS } from '#shared/core/time.ts';
import type { MarketSpec } from '../../venue/market-spec.ts';
import { bookOf, type MarketState, markOf, type World } from '../../venue/world.ts';
import { wireDecimal, wireNumber } from '../../wire-number.ts';
import { BASE_FEES, DEXES } from './market-specs.ts';

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
  marketsOf(world, dex).map((market) => assetContext(world, market));

/** Volumes and previous price are those of the last 24 hours of the market's own candles. */
export function assetContext(world: World, market: MarketState) {
  const { bids, asks } = bookOf(market);
  const day = market.candles.lastDay(world.nowMs);
  return {
    funding: market.spec.hourlyFunding,
    openInterest: '1000.0',
    prevDayPx: wireNumber(day.previousPrice ?? market.price),
    dayNtlVlm: wireNumber(Number(day.quote.toFixed(6))),
    premium: '0.0',
    oraclePx: wireDecimal(markOf(market)),
    markPx: wireDecimal(markOf(market)),
    midPx: midOf(market),
    impactPxs: bids[0] && asks[0] ? [wireDecimal(bids[0].price), wireDecimal(asks[0].price)] : null,
    dayBaseVlm: wireNumber(Number(day.base.toFixed(market.spec.sizeDecimals))),
  };
}

const MAX_FUNDINGS = 500;

/** Rates of the hours at which funding was paid while the market was open, oldest first. */
export function fundingHistory(world: World, market: MarketState, fromMs: number, toMs: number) {
  const openedMs = market.candles.firstMs() ?? world.nowMs;
  const lastMs = Math.min(toMs, world.nowMs);
  const rows = [];
  let atMs = Math.ceil(Math.max(fromMs, openedMs + 1) / HOUR_MS) * HOUR_MS;
  for (; atMs <= lastMs && rows.length < MAX_FUNDINGS; atMs += HOUR_MS) {
    rows.push({ coin: market.spec.coin, fundingRate: market.spec.hourlyFunding, premium: '0.0', time: atMs });
  }
  return rows;
}

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

export const perpDexs = (world: World) => [
  null,
  ...DEXES.map((dex) => ({
    name: dex.name,
    fullName: dex.fullName,
    deployer: dex.deployer,
    oracleUpdater: null,
    feeRecipient: dex.deployer,
    assetToStreamingOiCap: marketsOf(world, dex.name).map(({ spec }) => [spec.coin, '100000000.0']),
    subDeployers: [],
    deployerFeeScale: deployerFeeScale(feeScaleOf(marketsOf(world, dex.name)[0]?.spec)),
    lastDeployerFeeScaleChangeTime: '1970-01-01T00:00:00',
    assetToFundingMultiplier: marketsOf(world, dex.name).map(({ spec }) => [spec.coin, '1.0']),
    assetToFundingInterestRate: [],
  })),
];

/** Fees are multiplied by twice the scale from 1 on, below by 1 + the scale. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/fees */
const feeScaleOf = (spec: MarketSpec | undefined): number =>
  spec === undefined ? 1 : spec.fees.taker.div(BASE_FEES.taker).toNumber();

const deployerFeeScale = (feeScale: number): string =>
  wireDecimal(feeScale >= 2 ? new Decimal(feeScale).div(2) : new Decimal(feeScale).minus(1));

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
  return {
    name,
    szDecimals,
    weiDecimals,
    index,
    tokenId,
    isCanonical: true,
    evmContract: null,
    fullName: null,
    deployerTradingFeeShare: '0.0',
  };
}
