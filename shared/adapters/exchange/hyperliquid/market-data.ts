import { Decimal, decimalText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Listed, OddRow } from '#shared/core/odd-row.ts';
import { type EpochMs, type Timeframe, timeframeMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError, type MarketDataSource, type MarkPrice } from '#shared/ports/exchange.ts';
import type { InstrumentCatalog } from '../wire/instrument-catalog.ts';
import { fieldsOf, keyOf, type RowReader, siftRows, timeOf } from '../wire/sift-rows.ts';
import { symbolOf } from './coin-fields.ts';
import type { HyperliquidInfo, InfoRequest } from './hyperliquid-info.ts';
import { isCoinOf, isPerpetualCoin, subAccountName, unifiedSymbol } from './hyperliquid-symbols.ts';
import {
  assetSchema,
  barSchema,
  candlesSchema,
  contextSchema,
  metaAndContextsSchema,
  metaSchema,
  perpDexsSchema,
} from './wire-schemas.ts';

/** Smallest order value at the venue, in quote units. */
const MIN_NOTIONAL_QUOTE = '10';
const CANDLES_MAX = 5000;
/** The running bar is called over only this long after its interval: clocks differ. */
const FINAL_AFTER_MS = 1_000;
/** HIP-3 assets are numbered 100000 + dex × 10000 + index. */
const HIP3_BASE = 100_000;
const HIP3_STEP = 10_000;

export interface MarketDataDeps {
  readonly exchange: string;
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

  async loadInstruments(): Promise<Listed<Instrument>> {
    const numbers = await this.#dexNumbers();
    const rows: Instrument[] = [];
    const odd: OddRow[] = [];
    for (const dex of [null, ...this.#deps.dexes]) {
      const meta = await this.#deps.info.ask(
        { type: 'meta', ...(dex === null ? {} : { dex }) },
        metaSchema,
        'market-data',
      );
      // Only of the native exchange it is known what an answer without a token means.
      if ((meta.collateralToken ?? (dex === null ? 0 : null)) !== 0)
        throw unsupported(`dex ${dex} is not margined in USDC`);
      this.#mustAnswer('meta', dex, meta.universe);
      const base = dex === null ? 0 : HIP3_BASE + (numbers.get(dex) ?? 0) * HIP3_STEP;
      // Numbered before they are read: an odd asset keeps its place.
      const numbered = meta.universe.map((asset, index) => ({ asset, assetId: base + index }));
      const sifted = siftRows(numbered, instrumentReader(this.#deps.exchange, dex, namesTwice(meta.universe)));
      rows.push(...sifted.rows);
      odd.push(...sifted.odd);
    }
    return { rows, odd };
  }

  async fetchCandles(symbol: string, timeframe: Timeframe, fromMs: EpochMs, toMs: EpochMs): Promise<Listed<Candle>> {
    const { venueSymbol: coin } = await this.#deps.catalog().instrument(symbol);
    const req = { coin, interval: timeframe, startTime: fromMs, endTime: toMs };
    const answer = await this.#deps.info.ask({ type: 'candleSnapshot', req }, candlesSchema, 'market-data');
    const intervalMs = timeframeMs(timeframe);
    const nowMs = this.#deps.clock.nowMs();
    const { rows: bars, odd } = siftRows(answer, {
      list: 'candles',
      label: ({ t }) => ({ key: keyOf(symbol, timeframe, t), symbol, venueTimeMs: timeOf(t) }),
      read: (row) => {
        const bar = barSchema.parse(row);
        if (bar.t % intervalMs !== 0) throw new RangeError(`it opens at ${bar.t}, no multiple of ${timeframe}`);
        return bar;
      },
    });
    const sorted = [...bars].sort((a, b) => a.t - b.t);
    const newestMs = sorted.at(-1)?.t ?? 0;
    const rows = sorted
      .filter((bar, i) => bar.t >= fromMs && bar.t <= toMs && bar.t !== sorted[i - 1]?.t)
      .slice(0, CANDLES_MAX)
      .map((bar) => ({
        exchange: this.#deps.exchange,
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
    return { rows, odd };
  }

  async fetchMarkPrices(): Promise<Listed<MarkPrice>> {
    const rows: MarkPrice[] = [];
    const odd: OddRow[] = [];
    for (const dex of [null, ...this.#deps.dexes]) {
      const request: InfoRequest = { type: 'metaAndAssetCtxs', ...(dex === null ? {} : { dex }) };
      const [meta, contexts] = await this.#deps.info.ask(request, metaAndContextsSchema, 'market-data');
      if (meta.universe.length !== contexts.length) {
        throw this.#deps.info.malformed('metaAndAssetCtxs', `${subAccountName(dex)}: lists of different length`);
      }
      this.#mustAnswer('metaAndAssetCtxs', dex, meta.universe);
      const named = meta.universe.map((asset, i) => ({ ...fieldsOf(asset), context: contexts[i] }));
      const sifted = siftRows(named, markReader(this.#deps.clock.nowMs()));
      rows.push(...sifted.rows);
      odd.push(...sifted.odd);
    }
    return { rows, odd };
  }

  #mustAnswer(what: string, dex: string | null, universe: readonly unknown[]): void {
    const stranger = universe.map(nameOf).find((name) => name !== null && !isCoinOf(dex, name));
    if (stranger === undefined) return;
    throw this.#deps.info.malformed(what, `${subAccountName(dex)}: answered about ${stranger}, which is not there`);
  }

  /** Position of each configured dex in the venue's list, which numbers its assets. */
  async #dexNumbers(): Promise<ReadonlyMap<string | null, number>> {
    if (this.#deps.dexes.length === 0) return new Map();
    const list = await this.#deps.info.ask({ type: 'perpDexs' }, perpDexsSchema, 'market-data');
    const numbers = new Map(list.flatMap((dex, i) => (nameOf(dex) === null ? [] : [[nameOf(dex), i] as const])));
    const missing = this.#deps.dexes.find((dex) => !numbers.has(dex));
    if (missing !== undefined) throw unsupported(`the venue has no dex ${missing}`);
    return numbers;
  }
}

const nameOf = (row: unknown): string | null => {
  const { name } = fieldsOf(row);
  return typeof name === 'string' && name.length > 0 ? name : null;
};

/** Symbols that several coins of the list have: which of them is meant would be a guess. */
function namesTwice(universe: readonly unknown[]): ReadonlySet<string | null> {
  const symbols = universe.map((asset) => symbolOf(nameOf(asset)));
  return new Set(symbols.filter((symbol, i) => symbol !== null && symbols.indexOf(symbol) !== i));
}

/**
 * Prices: at most 5 significant figures and at most 6 − szDecimals decimals; whole numbers are always allowed. Sizes: whole lots of
 * 10^-szDecimals. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
 */
function grid(szDecimals: number): Pick<Instrument, 'priceRule' | 'sizeStep' | 'minSize'> {
  const sizeStep = decimalText(new Decimal(10).pow(-szDecimals));
  const decimals = Math.max(0, 6 - szDecimals);
  return { priceRule: { kind: 'significant', figures: 5, decimals }, sizeStep, minSize: sizeStep };
}

const instrumentReader = (
  exchange: string,
  dex: string | null,
  twice: ReadonlySet<string | null>,
): RowReader<Instrument> => ({
  list: 'instruments',
  label: ({ asset }) => ({ key: nameOf(asset), symbol: symbolOf(nameOf(asset)), venueTimeMs: null }),
  read: (row) => {
    const { asset: raw, assetId } = row as { asset: unknown; assetId: number };
    const asset = assetSchema.parse(raw);
    const symbol = unifiedSymbol(asset.name);
    if (!isPerpetualCoin(asset.name)) throw new RangeError('its name is none of a perpetual');
    if (twice.has(symbol)) throw new RangeError('two coins have one symbol');
    return {
      exchange,
      symbol,
      venueSymbol: asset.name,
      subAccount: dex,
      assetId,
      ...grid(asset.szDecimals),
      minNotionalQuote: MIN_NOTIONAL_QUOTE,
      sizeUnit: 'base',
      contractSize: '1',
      marginMode: dex === null ? 'cross' : 'isolated',
      maxLeverage: asset.maxLeverage,
      status: asset.isDelisted ? 'delisted' : 'active',
    };
  },
});

/** An asset without a readable name has no mark: the list of instruments tells of it. */
const markReader = (observedAtMs: EpochMs): RowReader<MarkPrice> => ({
  list: 'marks',
  label: (row) => ({ key: nameOf(row), symbol: symbolOf(nameOf(row)), venueTimeMs: null }),
  read: (row) => {
    const symbol = symbolOf(nameOf(row));
    const { isDelisted, context } = fieldsOf(row);
    if (symbol === null || isDelisted === true) return null;
    const { markPx, midPx } = contextSchema.parse(context);
    return markPx === null ? null : { symbol, markPrice: markPx, midPrice: midPx ?? null, observedAtMs };
  },
});

const unsupported = (message: string): ExchangeError =>
  new ExchangeError('configuration', message, { retryable: false, mayHaveReachedVenue: true });
