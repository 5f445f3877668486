import { DAY_MS, MINUTE_MS, slotOf, TIMEFRAMES, type Timeframe, timeframeMs } from '#shared/core/time.ts';
import { wireNumber } from '../wire-number.ts';
import { type CandleInterval, candleSpan, isOfDays } from './candle-interval.ts';
import type { HistoryBar } from './market-source.ts';

export interface Bar {
  t: number;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
  n: number;
  /** Volume in quote units; bars of an older state file have none. */
  q?: number;
}

/** What traded in the last 24 hours, and the price before them. */
export interface DayStatistics {
  readonly base: number;
  readonly quote: number;
  readonly previousPrice: number | null;
}

export interface WireCandle {
  readonly t: number;
  readonly T: number;
  readonly s: string;
  readonly i: string;
  readonly o: string;
  readonly c: string;
  readonly h: string;
  readonly l: string;
  readonly v: string;
  readonly n: number;
}

/** What the venue keeps per interval. */
const MAX_BARS = 5_000;

/** All intervals of one market, built from its own trades. The last bar of each interval is the running one. */
export class CandleBook {
  readonly #coin: string;
  readonly #sizeDecimals: number;
  readonly #series = new Map<Timeframe, Bar[]>(TIMEFRAMES.map((timeframe) => [timeframe, []]));

  constructor(coin: string, sizeDecimals: number) {
    this.#coin = coin;
    this.#sizeDecimals = sizeDecimals;
  }

  /** Adds one trade; answers the one-minute bar that it ended, if any. */
  trade(atMs: number, price: number, size: number): Bar | null {
    let ended: Bar | null = null;
    const quote = price * size;
    for (const [timeframe, bars] of this.#series) {
      const t = slotOf(atMs, timeframeMs(timeframe));
      const last = bars.at(-1);
      if (last && last.t === t) {
        if (price > last.h) last.h = price;
        if (price < last.l) last.l = price;
        last.c = price;
        last.v += size;
        last.q = quoteOf(last) + quote;
        last.n += 1;
      } else {
        if (timeframe === '1m' && last) ended = last;
        push(bars, { t, o: price, h: price, l: price, c: price, v: size, n: 1, q: quote });
      }
    }
    return ended;
  }

  /** Adds a finished one-minute bar (history, or a reload). */
  bar(bar: Omit<HistoryBar, 'market'>, quoteVolume?: number): void {
    const quote = quoteVolume ?? (bar.volume * (bar.open + bar.high + bar.low + bar.close)) / 4;
    for (const [timeframe, bars] of this.#series) {
      const t = slotOf(bar.openTimeMs, timeframeMs(timeframe));
      const last = bars.at(-1);
      if (last && last.t === t) {
        last.h = Math.max(last.h, bar.high);
        last.l = Math.min(last.l, bar.low);
        last.c = bar.close;
        last.v += bar.volume;
        last.q = quoteOf(last) + quote;
        last.n += bar.trades;
      } else {
        push(bars, { t, o: bar.open, h: bar.high, l: bar.low, c: bar.close, v: bar.volume, n: bar.trades, q: quote });
      }
    }
  }

  running(interval: CandleInterval): Bar | null {
    return this.#bars(interval).at(-1) ?? null;
  }

  /** Of the one-minute bars that opened within 24 hours before `nowMs`. */
  lastDay(nowMs: number): DayStatistics {
    const bars = this.oneMinuteBars();
    const fromMs = slotOf(nowMs - DAY_MS, MINUTE_MS);
    let base = 0;
    let quote = 0;
    let i = bars.length - 1;
    for (; i >= 0 && (bars[i] as Bar).t > fromMs; i -= 1) {
      base += (bars[i] as Bar).v;
      quote += quoteOf(bars[i] as Bar);
    }
    return { base, quote, previousPrice: bars[i]?.c ?? bars[0]?.o ?? null };
  }

  /** Quote units traded on the UTC day that begins at `dayMs`. */
  quoteOfDay(dayMs: number): number {
    const bar = this.#series.get('1d')?.findLast((day) => day.t === dayMs);
    return bar ? quoteOf(bar) : 0;
  }

  /** Open time of the oldest bar; null without any. */
  firstMs(): number | null {
    return this.#series.get('1d')?.[0]?.t ?? null;
  }

  oneMinuteBars(): readonly Bar[] {
    return this.#series.get('1m') ?? [];
  }

  /** Bars whose open time lies in [fromMs, toMs], oldest first: the newest 5000. */
  snapshot(interval: CandleInterval, fromMs: number, toMs: number): WireCandle[] {
    const bars = this.#bars(interval);
    // From the end: who asks, asks for the newest bars.
    let end = bars.length;
    while (end > 0 && (bars[end - 1] as Bar).t > toMs) end -= 1;
    let begin = end;
    while (begin > 0 && (bars[begin - 1] as Bar).t >= fromMs) begin -= 1;
    return bars.slice(Math.max(begin, end - MAX_BARS), end).map((bar) => this.wire(interval, bar));
  }

  /** Every interval's bars; what `load` takes. */
  allBars(): readonly (readonly [Timeframe, readonly Bar[]])[] {
    return [...this.#series];
  }

  /** Puts every interval back as it was: one-minute bars alone do not reach as far back as the longer ones. */
  load(series: readonly (readonly [Timeframe, readonly Bar[]])[]): void {
    for (const [timeframe, bars] of series) this.#series.get(timeframe)?.splice(0, Number.POSITIVE_INFINITY, ...bars);
  }

  #bars(interval: CandleInterval): readonly Bar[] {
    return isOfDays(interval) ? joined(interval, this.#series.get('1d') ?? []) : (this.#series.get(interval) ?? []);
  }

  wire(interval: CandleInterval, bar: Bar): WireCandle {
    return {
      t: bar.t,
      T: candleSpan(interval, bar.t).toMs,
      s: this.#coin,
      i: interval,
      o: wireNumber(bar.o),
      c: wireNumber(bar.c),
      h: wireNumber(bar.h),
      l: wireNumber(bar.l),
      v: wireNumber(Number(bar.v.toFixed(this.#sizeDecimals))),
      n: bar.n,
    };
  }
}

const quoteOf = (bar: Bar): number => bar.q ?? bar.v * bar.c;

/** Daily bars put together: few are asked for them, so they are not kept. */
function joined(interval: CandleInterval, days: readonly Bar[]): Bar[] {
  const bars: Bar[] = [];
  for (const day of days) {
    const t = candleSpan(interval, day.t).fromMs;
    const last = bars.at(-1);
    if (last?.t !== t) {
      bars.push({ ...day, t });
      continue;
    }
    last.h = Math.max(last.h, day.h);
    last.l = Math.min(last.l, day.l);
    last.c = day.c;
    last.v += day.v;
    last.n += day.n;
    last.q = quoteOf(last) + quoteOf(day);
  }
  return bars;
}

function push(bars: Bar[], bar: Bar): void {
  bars.push(bar);
  // Cut in blocks: shifting one element of a long array at every minute would cost more than the trade itself.
  if (bars.length > MAX_BARS + 500) bars.splice(0, bars.length - MAX_BARS);
}
