// @ts-check
import { CandlestickSeries, createChart, createSeriesMarkers, HistogramSeries } from '/vendor/lightweight-charts.js';
import { ApiRefusal, fetchCandles, fetchFills } from './api-client.js';
import { barText, fillsByBar } from './bar-fills.js';
import { element, setText } from './dom.js';

/** @import { UTCTimestamp } from '/vendor/lightweight-charts.js' */
/** @import { Candle, Fill } from './api-client.js' */
/** @import { BarFills } from './bar-fills.js' */

const BARS_AT_FIRST = 300;
const BARS_AT_ONCE = 3;
const FILLS_SHOWN = 200;
/** Right of the newest bar: the entry's label stands there and not on the fills. */
const BARS_FREE = 12;
const UP = '#2ec08b';
const DOWN = '#ff5d6c';

/** @type {Readonly<Record<string, number>>} */
const TIMEFRAME_S = {
  '1m': 60,
  '3m': 180,
  '5m': 300,
  '15m': 900,
  '30m': 1800,
  '1h': 3600,
  '2h': 7200,
  '4h': 14_400,
  '8h': 28_800,
  '12h': 43_200,
  '1d': 86_400,
};

/** Candles of one symbol with our fills on them; the running bar follows the last price. */
export class CandleChart {
  #chart;
  #bars;
  #volume;
  #markers;
  /** @type {import('/vendor/lightweight-charts.js').IPriceLine | null} */
  #entryLine = null;
  /** @type {string | null} */
  #entryPrice = null;
  /** @type {{ symbol: string, timeframe: string } | null} */
  #shown = null;
  /** @type {Candle | null} */
  #running = null;
  /** Open time of the oldest bar shown. */
  #oldestMs = 0;
  /** @type {Map<number, Candle>} By open time. */
  #candles = new Map();
  #markersText = '';
  /** @type {readonly BarFills[]} */
  #fills = [];
  #hover;
  #loading = false;

  /** @param {HTMLElement} container */
  constructor(container) {
    this.#chart = createChart(container, {
      autoSize: true,
      layout: {
        background: { color: '#11161d' },
        textColor: '#8a96a5',
        fontFamily: getComputedStyle(document.body).fontFamily,
        attributionLogo: true,
      },
      grid: { vertLines: { color: '#1a212b' }, horzLines: { color: '#1a212b' } },
      rightPriceScale: { borderColor: '#1f2731', scaleMargins: { top: 0.08, bottom: 0.2 } },
      timeScale: { borderColor: '#1f2731', timeVisible: true, secondsVisible: false, rightOffset: BARS_FREE },
      crosshair: { mode: 0 },
    });
    this.#bars = this.#chart.addSeries(CandlestickSeries, {
      upColor: UP,
      downColor: DOWN,
      wickUpColor: UP,
      wickDownColor: DOWN,
      borderVisible: false,
    });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      priceLineVisible: false,
      lastValueVisible: false,
    });
    this.#chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } });
    this.#markers = createSeriesMarkers(this.#bars, []);
    this.#hover = element('p', { class: 'chart-hover' });
    container.append(this.#hover);
    this.#chart.subscribeCrosshairMove(({ time }) => this.#showBar(time));
  }

  /**
   * Loads what is missing: all bars for another symbol or bar length, else the newest.
   * @param {string} symbol @param {string} timeframe
   * @returns {Promise<string>} What to tell beside the chart; empty when all is well.
   */
  async refresh(symbol, timeframe) {
    const same = this.#shown?.symbol === symbol && this.#shown.timeframe === timeframe;
    if (same && this.#loading) return '';
    this.#loading = true;
    if (!same) this.#forget(symbol, timeframe);
    const asked = this.#shown;
    const whole = this.#running === null;
    try {
      const [candles, fills] = await Promise.all([
        fetchCandles(symbol, timeframe, whole ? BARS_AT_FIRST : BARS_AT_ONCE),
        fetchFills(symbol, FILLS_SHOWN),
      ]);
      // Somebody chose another symbol meanwhile.
      if (asked !== this.#shown) return '';
      if (whole) this.#showAll(candles);
      else for (const candle of candles) this.#showOne(candle);
      this.#showFills(fills, timeframe);
      return candles.length === 0 && whole ? 'no candles yet' : '';
    } catch (error) {
      return error instanceof ApiRefusal ? error.message : `chart failed: ${error}`;
    } finally {
      if (asked === this.#shown) this.#loading = false;
    }
  }

  /**
   * The newest trade, into the running bar or a new one.
   * @param {string} symbol @param {string} price @param {number} venueTimeMs
   */
  tick(symbol, price, venueTimeMs) {
    const running = this.#running;
    const shown = this.#shown;
    const seconds = TIMEFRAME_S[shown?.timeframe ?? ''];
    if (shown === null || running === null || shown.symbol !== symbol || seconds === undefined) return;
    const openTimeMs = Math.floor(venueTimeMs / 1000 / seconds) * seconds * 1000;
    if (openTimeMs < running.openTimeMs) return;
    const value = Number(price);
    if (openTimeMs > running.openTimeMs) {
      this.#showOne({ openTimeMs, open: price, high: price, low: price, close: price, volume: '0', final: false });
      return;
    }
    const high = value > Number(running.high) ? price : running.high;
    const low = value < Number(running.low) ? price : running.low;
    this.#showOne({ ...running, high, low, close: price });
  }

  /** A line at the position's entry price, or none. @param {string | null} price */
  entry(price) {
    if (price === this.#entryPrice) return;
    this.#entryPrice = price;
    if (this.#entryLine !== null) this.#bars.removePriceLine(this.#entryLine);
    const look = { title: 'entry', color: '#ff9f1c', lineWidth: /** @type {const} */ (1), lineStyle: 2 };
    this.#entryLine = price === null ? null : this.#bars.createPriceLine({ ...look, price: Number(price) });
  }

  /** @param {string} symbol @param {string} timeframe */
  #forget(symbol, timeframe) {
    this.#shown = { symbol, timeframe };
    this.#running = null;
    this.#markersText = '';
    this.#fills = [];
    this.#candles.clear();
    setText(this.#hover, '');
    this.#bars.setData([]);
    this.#volume.setData([]);
    this.#markers.setMarkers([]);
    this.entry(null);
  }

  /** @param {readonly Candle[]} candles */
  #showAll(candles) {
    const decimals = Math.min(
      8,
      Math.max(0, ...candles.slice(-50).map((candle) => candle.close.split('.')[1]?.length ?? 0)),
    );
    this.#bars.applyOptions({ priceFormat: { type: 'price', precision: decimals, minMove: 10 ** -decimals } });
    this.#bars.setData(candles.map(barOf));
    this.#volume.setData(candles.map(volumeOf));
    this.#candles = new Map(candles.map((candle) => [candle.openTimeMs, candle]));
    this.#running = candles.at(-1) ?? null;
    this.#oldestMs = candles[0]?.openTimeMs ?? 0;
    this.#chart
      .timeScale()
      .setVisibleLogicalRange({ from: Math.max(0, candles.length - 150), to: candles.length + BARS_FREE });
  }

  /** @param {Candle} candle */
  #showOne(candle) {
    if (this.#running !== null && candle.openTimeMs < this.#running.openTimeMs) return;
    this.#running = candle;
    this.#candles.set(candle.openTimeMs, candle);
    this.#bars.update(barOf(candle));
    this.#volume.update(volumeOf(candle));
  }

  /** @param {readonly Fill[]} fills @param {string} timeframe */
  #showFills(fills, timeframe) {
    const inSpan = fills.filter((fill) => this.#running !== null && fill.venueTimeMs >= this.#oldestMs);
    const text = inSpan.map((fill) => `${fill.tradeId}:${fill.venueOrderId}`).join();
    if (text === this.#markersText) return;
    this.#markersText = text;
    this.#fills = fillsByBar(inSpan, TIMEFRAME_S[timeframe] ?? 60);
    this.#markers.setMarkers(
      this.#fills.map(({ side, openTimeMs }) => ({
        time: /** @type {UTCTimestamp} */ (openTimeMs / 1000),
        position: side === 'buy' ? 'belowBar' : 'aboveBar',
        shape: side === 'buy' ? 'arrowUp' : 'arrowDown',
        color: side === 'buy' ? '#62e0b5' : '#ff9aa4',
      })),
    );
  }

  /** Prices and fills of the bar under the pointer: as labels on the chart they would cover each other. @param {unknown} time */
  #showBar(time) {
    const openTimeMs = typeof time === 'number' ? time * 1000 : null;
    const bar = openTimeMs === null ? undefined : this.#candles.get(openTimeMs);
    const inBar = this.#fills.filter((group) => group.openTimeMs === openTimeMs);
    setText(this.#hover, bar === undefined ? '' : barText(bar, inBar));
  }
}

/** @param {Candle} candle */
const timeOf = (candle) => /** @type {UTCTimestamp} */ (candle.openTimeMs / 1000);

/** @param {Candle} candle */
const barOf = (candle) => ({
  time: timeOf(candle),
  open: Number(candle.open),
  high: Number(candle.high),
  low: Number(candle.low),
  close: Number(candle.close),
});

/** @param {Candle} candle */
const volumeOf = (candle) => ({
  time: timeOf(candle),
  value: Number(candle.volume),
  color: Number(candle.close) >= Number(candle.open) ? '#2ec08b40' : '#ff5d6c40',
});
