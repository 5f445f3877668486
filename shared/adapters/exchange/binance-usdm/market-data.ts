import { dec, isPositiveText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Listed } from '#shared/core/odd-row.ts';
import { type EpochMs, type Timeframe, timeframeMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { MarketDataSource, MarkPrice } from '#shared/ports/exchange.ts';
import type { InstrumentCatalog } from '../wire/instrument-catalog.ts';
import { fieldsOf, keyOf, type RowReader, siftRows, timeOf } from '../wire/sift-rows.ts';
import { klinesWeight } from './requests.ts';
import type { UsdmClient } from './usdm-client.ts';
import { QUOTES, unifiedSymbol } from './usdm-symbols.ts';
import {
  contractSchema,
  exchangeInfoSchema,
  klineSchema,
  listSchema,
  lotSizeSchema,
  markSchema,
  minNotionalSchema,
  priceFilterSchema,
} from './wire-schemas.ts';

const KLINES_MAX = 1500;
const CANDLES_MAX = 5000;
/** The running bar is called over only this long after its interval. */
const FINAL_AFTER_MS = 1_000;
/**
 * The brackets of a contract need a key (`leverageBracket`), and instruments are read without one. What most contracts allow; the venue
 * refuses more than a contract's own (-4028).
 */
const MAX_LEVERAGE = 20;

export interface UsdmMarketDataDeps {
  readonly client: UsdmClient;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly catalog: () => InstrumentCatalog;
}

export class UsdmMarketData implements MarketDataSource {
  readonly #deps: UsdmMarketDataDeps;

  constructor(deps: UsdmMarketDataDeps) {
    this.#deps = deps;
  }

  async loadInstruments(): Promise<Listed<Instrument>> {
    const { client } = this.#deps;
    const { symbols } = await client.ask('exchangeInfo', {}, exchangeInfoSchema, { callClass: 'market-data' });
    return siftRows(symbols, instrumentReader(client.exchange, client.nowMs()));
  }

  /** In pages of 1,500 from the oldest on, as the venue gives them. */
  async fetchCandles(symbol: string, timeframe: Timeframe, fromMs: EpochMs, toMs: EpochMs): Promise<Listed<Candle>> {
    const { client, clock, catalog } = this.#deps;
    const { venueSymbol } = await catalog().instrument(symbol);
    const intervalMs = timeframeMs(timeframe);
    const raw: unknown[] = [];
    for (let startTime = fromMs; startTime <= toMs && raw.length < CANDLES_MAX; ) {
      const limit = Math.min(KLINES_MAX, Math.floor((toMs - startTime) / intervalMs) + 1);
      const params = { symbol: venueSymbol, interval: timeframe, startTime, endTime: toMs, limit };
      const asking = { callClass: 'market-data' as const, weight: klinesWeight(limit) };
      const page = await client.ask('klines', params, listSchema, asking);
      raw.push(...page);
      const last = timeOf(Array.isArray(page.at(-1)) ? (page.at(-1) as unknown[])[0] : null);
      if (page.length < limit || last === null || last < startTime) break;
      startTime = last + intervalMs;
    }
    const { rows: bars, odd } = siftRows(raw, {
      list: 'candles',
      label: (row) => ({ key: keyOf(symbol, timeframe, row[0]), symbol, venueTimeMs: timeOf(row[0]) }),
      read: (row) => {
        const bar = klineSchema.parse(row);
        if (bar[0] % intervalMs !== 0) throw new RangeError(`it opens at ${bar[0]}, no multiple of ${timeframe}`);
        return bar;
      },
    });
    const sorted = bars.toSorted((a, b) => a[0] - b[0]);
    const newestMs = sorted.at(-1)?.[0] ?? 0;
    const nowMs = clock.nowMs();
    const rows = sorted
      .filter(([t], i) => t >= fromMs && t <= toMs && t !== sorted[i - 1]?.[0])
      .slice(0, CANDLES_MAX)
      .map(([openTimeMs, open, high, low, close, volume]) => ({
        ...{ exchange: client.exchange, symbol, timeframe, openTimeMs, open, high, low, close, volume },
        final: openTimeMs < newestMs || nowMs >= openTimeMs + intervalMs + FINAL_AFTER_MS,
      }));
    return { rows, odd };
  }

  async fetchMarkPrices(): Promise<Listed<MarkPrice>> {
    const { client, clock } = this.#deps;
    const list = await client.ask('premiumIndex', {}, listSchema, { callClass: 'market-data' });
    return siftRows(list, markReader(clock.nowMs()));
  }
}

/** Words of a contract that will not trade again; any other than `TRADING` may pass. */
const ENDING: ReadonlySet<string> = new Set([
  ...['PRE_DELIVERING', 'DELIVERING', 'DELIVERED', 'PRE_SETTLE', 'SETTLING', 'CLOSE'],
]);

/** Perpetuals of coins, margined in their quote; everything else in the list is none of ours. */
const instrumentReader = (exchange: string, nowMs: EpochMs): RowReader<Instrument> => ({
  list: 'instruments',
  label: ({ symbol }) => ({ key: keyOf(symbol), symbol: unifiedSymbol(symbol), venueTimeMs: null }),
  read: (row) => {
    const named = fieldsOf(row);
    if (named.contractType !== 'PERPETUAL' || named.underlyingType !== 'COIN') return null;
    if (!QUOTES.includes(String(named.marginAsset))) return null;
    const contract = contractSchema.parse(row);
    const { quoteAsset: quote, marginAsset, baseAsset, filters, status } = contract;
    const symbol = `${baseAsset}/${quote}:${marginAsset}`;
    if (unifiedSymbol(contract.symbol) !== symbol) throw new RangeError(`${contract.symbol} is not ${symbol}`);
    const filter = (type: string) => filters.find(({ filterType }) => filterType === type);
    const price = priceFilterSchema.parse(filter('PRICE_FILTER'));
    const lot = lotSizeSchema.parse(filter('LOT_SIZE'));
    // Grids count from the smallest price and size; ours count from 0.
    const isOff = !dec(price.minPrice).mod(price.tickSize).isZero() || !dec(lot.minQty).mod(lot.stepSize).isZero();
    if (isOff) throw new RangeError('its grid does not begin at a multiple of its step');
    const isEnding = ENDING.has(status) || contract.deliveryDate <= nowMs;
    return {
      exchange,
      symbol,
      venueSymbol: contract.symbol,
      subAccount: null,
      assetId: 0,
      priceRule: { kind: 'tick', tick: price.tickSize },
      sizeStep: lot.stepSize,
      minSize: isPositiveText(lot.minQty) ? lot.minQty : lot.stepSize,
      minNotionalQuote: minNotionalSchema.parse(filter('MIN_NOTIONAL')).notional,
      sizeUnit: 'base',
      contractSize: '1',
      marginMode: 'cross',
      maxLeverage: MAX_LEVERAGE,
      status: isEnding ? 'delisted' : status === 'TRADING' ? 'active' : 'halted',
    };
  },
});

/** Marks of other contracts (dated, COIN-M) are in the list, too. */
const markReader = (observedAtMs: EpochMs): RowReader<MarkPrice> => ({
  list: 'marks',
  label: ({ symbol, time }) => ({ key: keyOf(symbol), symbol: unifiedSymbol(symbol), venueTimeMs: timeOf(time) }),
  read: (row) => {
    const symbol = unifiedSymbol(fieldsOf(row).symbol);
    if (symbol === null) return null;
    return { symbol, markPrice: markSchema.parse(row).markPrice, midPrice: null, observedAtMs };
  },
});
