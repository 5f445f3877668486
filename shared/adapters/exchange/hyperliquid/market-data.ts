import type { Candle } from '#shared/core/market/candle.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import { type EpochMs, type Timeframe, timeframeMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError, type MarketDataSource, type MarkPrice } from '#shared/ports/exchange.ts';
import type { HyperliquidInfo } from './hyperliquid-info.ts';
import { isCoinOf, subAccountName, unifiedSymbol } from './hyperliquid-symbols.ts';
import type { InstrumentCatalog } from './instrument-catalog.ts';
import { candlesSchema, metaAndContextsSchema, metaSchema, perpDexsSchema } from './wire-schemas.ts';

const EXCHANGE = 'hyperliquid';
/** Smallest order value at the venue, in quote units. */
const MIN_NOTIONAL_QUOTE = '10';
const CANDLES_MAX = 5000;
/** The running bar is called over only this long after its interval: clocks differ. */
const FINAL_AFTER_MS = 1_000;
/** HIP-3 assets are numbered 100000 + dex × 10000 + index. */
const HIP3_BASE = 100_000;
const HIP3_STEP = 10_000;

export interface MarketDataDeps {
  readonly info: HyperliquidInfo;
  readonly clock: Clock;
  readonly catalog: () => InstrumentCatalog;
  /** Configured HIP-3 dexes. */
  readonly dexes: readonly string[];
}

export class HyperliquidMarketData implements MarketDataSource {
  readonly #deps: MarketDataDeps;

  constructor(deps: MarketDataDeps) {
    this.#deps = deps;
  }

  async loadInstruments(): Promise<readonly Instrument[]> {
    const numbers = await this.#dexNumbers();
    const instruments: Instrument[] = [];
    for (const dex of [null, ...this.#deps.dexes]) {
      const meta = await this.#deps.info.ask(
        { type: 'meta', ...(dex === null ? {} : { dex }) },
        metaSchema,
        'market-data',
      );
      if ((meta.collateralToken ?? 0) !== 0) throw unsupported(`dex ${dex} is not margined in USDC`);
      this.#mustAnswer('meta', dex, meta.universe);
      const base = dex === null ? 0 : HIP3_BASE + (numbers.get(dex) ?? 0) * HIP3_STEP;
      meta.universe.forEach((asset, index) => {
        instruments.push({
          exchange: EXCHANGE,
          symbol: unifiedSymbol(asset.name),
          coin: asset.name,
          dex,
          assetId: base + index,
          sizeDecimals: asset.szDecimals,
          maxLeverage: asset.maxLeverage,
          minNotionalQuote: MIN_NOTIONAL_QUOTE,
          status: asset.isDelisted ? 'delisted' : 'active',
        });
      });
    }
    const symbols = new Set(instruments.map((instrument) => instrument.symbol));
    if (symbols.size !== instruments.length) throw this.#deps.info.malformed('meta', 'two coins have one symbol');
    return instruments;
  }

  async fetchCandles(symbol: string, timeframe: Timeframe, fromMs: EpochMs, toMs: EpochMs): Promise<readonly Candle[]> {
    const { coin } = await this.#deps.catalog().instrument(symbol);
    const req = { coin, interval: timeframe, startTime: fromMs, endTime: toMs };
    const bars = await this.#deps.info.ask({ type: 'candleSnapshot', req }, candlesSchema, 'market-data');
    const intervalMs = timeframeMs(timeframe);
    const nowMs = this.#deps.clock.nowMs();
    const sorted = [...bars].sort((a, b) => a.t - b.t);
    const newestMs = sorted.at(-1)?.t ?? 0;
    return sorted
      .filter((bar, i) => {
        if (bar.t % intervalMs !== 0) throw this.#deps.info.malformed('candleSnapshot', `bar opens at ${bar.t}`);
        return bar.t >= fromMs && bar.t <= toMs && bar.t !== sorted[i - 1]?.t;
      })
      .slice(0, CANDLES_MAX)
      .map((bar) => ({
        exchange: EXCHANGE,
        symbol,
        timeframe,
        openTimeMs: bar.t,
        open: bar.o,
        high: bar.h,
        low: bar.l,
        close: bar.c,
        volume: bar.v,
        final: bar.t < newestMs || nowMs >= bar.t + intervalMs + FINAL_AFTER_MS,
      }));
  }

  async fetchMarkPrices(): Promise<readonly MarkPrice[]> {
    const prices: MarkPrice[] = [];
    for (const dex of [null, ...this.#deps.dexes]) {
      const request = { type: 'metaAndAssetCtxs', ...(dex === null ? {} : { dex }) };
      const [meta, contexts] = await this.#deps.info.ask(request, metaAndContextsSchema, 'market-data');
      if (meta.universe.length !== contexts.length) {
        throw this.#deps.info.malformed('metaAndAssetCtxs', `${subAccountName(dex)}: lists of different length`);
      }
      this.#mustAnswer('metaAndAssetCtxs', dex, meta.universe);
      const observedAtMs = this.#deps.clock.nowMs();
      meta.universe.forEach((asset, i) => {
        const context = contexts[i];
        if (asset.isDelisted || context === undefined || context.markPx === null) return;
        const symbol = unifiedSymbol(asset.name);
        prices.push({ symbol, markPrice: context.markPx, midPrice: context.midPx ?? null, observedAtMs });
      });
    }
    return prices;
  }

  #mustAnswer(what: string, dex: string | null, universe: readonly { readonly name: string }[]): void {
    const stranger = universe.find(({ name }) => !isCoinOf(dex, name));
    if (stranger === undefined) return;
    throw this.#deps.info.malformed(
      what,
      `${subAccountName(dex)}: answered about ${stranger.name}, which is not there`,
    );
  }

  /** Position of each configured dex in the venue's list, which numbers its assets. */
  async #dexNumbers(): Promise<ReadonlyMap<string, number>> {
    if (this.#deps.dexes.length === 0) return new Map();
    const list = await this.#deps.info.ask({ type: 'perpDexs' }, perpDexsSchema, 'market-data');
    const numbers = new Map(list.flatMap((dex, i) => (dex === null ? [] : [[dex.name, i] as const])));
    const missing = this.#deps.dexes.find((dex) => !numbers.has(dex));
    if (missing !== undefined) throw unsupported(`the venue has no dex ${missing}`);
    return numbers;
  }
}

const unsupported = (message: string): ExchangeError =>
  new ExchangeError('configuration', message, { retryable: false, mayHaveReachedVenue: true });
