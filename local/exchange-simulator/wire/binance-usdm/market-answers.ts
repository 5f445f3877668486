import { dec } from '#shared/core/decimal.ts';
import { isCandleInterval } from '../../prices/candle-interval.ts';
import { bookOf, type MarketState, markOf, type WireTrade, type World } from '../../venue/world.ts';
import { ApiError } from './api-error.ts';
import type { Parameters } from './parameters.ts';

const FUNDING_MS = 8 * 3_600_000;
const FAR_DATE = 4_133_404_800_000;

/** `GET /fapi/v1/exchangeInfo`. https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Exchange-Information */
export const exchangeInfo = (world: World) => ({
  exchangeFilters: [],
  rateLimits: [
    { interval: 'MINUTE', intervalNum: 1, limit: 2400, rateLimitType: 'REQUEST_WEIGHT' },
    { interval: 'MINUTE', intervalNum: 1, limit: 1200, rateLimitType: 'ORDERS' },
    { interval: 'SECOND', intervalNum: 10, limit: 300, rateLimitType: 'ORDERS' },
  ],
  serverTime: world.nowMs,
  assets: [{ asset: 'USDT', marginAvailable: true, autoAssetExchange: '0' }],
  symbols: world.markets.map(symbolInfo),
  timezone: 'UTC',
});

function symbolInfo({ spec }: MarketState) {
  const { coin, priceRule, sizeStep, maxDeviation, minNotionalQuote } = spec;
  const tickSize = priceRule.kind === 'tick' ? priceRule.tick : '0.01';
  return {
    symbol: coin,
    pair: coin,
    contractType: 'PERPETUAL',
    deliveryDate: FAR_DATE,
    onboardDate: 1_569_398_400_000,
    status: 'TRADING',
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset: coin.replace(/USDT$/, ''),
    quoteAsset: 'USDT',
    marginAsset: 'USDT',
    // Not the tick and the step: the documentation says so.
    pricePrecision: 8,
    quantityPrecision: 8,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    triggerProtect: '0.0500',
    liquidationFee: '0.012500',
    marketTakeBound: '0.05',
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '4529764', tickSize },
      { filterType: 'LOT_SIZE', minQty: sizeStep, maxQty: '1000', stepSize: sizeStep },
      { filterType: 'MARKET_LOT_SIZE', minQty: sizeStep, maxQty: '120', stepSize: sizeStep },
      { filterType: 'MAX_NUM_ORDERS', limit: 200 },
      { filterType: 'MIN_NOTIONAL', notional: minNotionalQuote.toFixed() },
      {
        filterType: 'PERCENT_PRICE',
        multiplierUp: maxDeviation.plus(1).toFixed(4),
        multiplierDown: maxDeviation.neg().plus(1).toFixed(4),
        multiplierDecimal: '4',
      },
    ],
    orderTypes: ['LIMIT', 'MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'],
  };
}

/** Rows of twelve, ascending; the last one is usually still running, and nothing in it says so. */
export function klines(world: World, parameters: Parameters, late: ReadonlySet<number>): unknown[] {
  const market = parameters.market(world);
  const interval = parameters.text('interval');
  if (!isCandleInterval(interval)) throw new ApiError(-1120, 'Invalid interval.');
  const limit = parameters.limit(1_500, 500);
  const fromMs = parameters.whole('startTime');
  const toMs = parameters.whole('endTime') ?? world.nowMs;
  const bars = market.candles.snapshot(interval, fromMs ?? 0, toMs).filter((bar) => !late.has(bar.t));
  const chosen = fromMs === null ? bars.slice(-limit) : bars.slice(0, limit);
  return chosen.map(({ t, T, o, h, l, c, v, n }) => {
    const quote = dec(v).times(c).toFixed(8);
    return [t, o, h, l, c, v, T, quote, n, '0', '0', '0'];
  });
}

export const premiumIndex = (world: World, market: MarketState) => {
  const mark = markOf(market).toFixed(8);
  return {
    symbol: market.spec.coin,
    markPrice: mark,
    indexPrice: mark,
    estimatedSettlePrice: mark,
    lastFundingRate: dec(market.spec.hourlyFunding).times(8).toFixed(8),
    interestRate: '0.00010000',
    nextFundingTime: (Math.floor(world.nowMs / FUNDING_MS) + 1) * FUNDING_MS,
    time: world.nowMs,
  };
};

export const bookTicker = (world: World, market: MarketState) => {
  const { bids, asks } = bookOf(market);
  return {
    symbol: market.spec.coin,
    bidPrice: bids[0]?.price.toFixed() ?? '0',
    bidQty: bids[0]?.size.toFixed() ?? '0',
    askPrice: asks[0]?.price.toFixed() ?? '0',
    askQty: asks[0]?.size.toFixed() ?? '0',
    time: world.nowMs,
    lastUpdateId: market.ticks,
  };
};

export const depth = (world: World, market: MarketState, limit: number) => {
  const { bids, asks } = bookOf(market);
  const rows = (levels: typeof bids) =>
    levels.slice(0, limit).map(({ price, size }) => [price.toFixed(), size.toFixed()]);
  return { lastUpdateId: market.ticks, E: world.nowMs, T: world.nowMs, bids: rows(bids), asks: rows(asks) };
};

export const tickerPrice = (world: World, market: MarketState) => ({
  symbol: market.spec.coin,
  price: String(market.price),
  time: world.nowMs,
});

/** One public trade as an aggregate of itself; `m`: the buyer was the maker, so the taker sold. */
export const aggregateTrade = (trade: WireTrade) => ({
  a: trade.tid,
  p: trade.px,
  q: trade.sz,
  nq: trade.sz,
  f: trade.tid,
  l: trade.tid,
  T: trade.time,
  m: trade.side === 'A',
});
