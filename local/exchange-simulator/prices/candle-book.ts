import { slotOf, TIMEFRAMES, type Timeframe, timeframeMs } from '#shared/core/time.ts';
import { wireNumber } from '../wire-number.ts';
import type { HistoryBar } from './market-source.ts';

export interface Bar {
  t: number;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
  n: number;
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
    for (const [timeframe, bars] of this.#series) {
      const t = slotOf(atMs, timeframeMs(timeframe));
      const last = bars.at(-1);
      if (last && last.t === t) {
        if (price > last.h) last.h = price;
        if (price < last.l) last.l = price;
        last.c = price;
        last.v += size;
        last.n += 1;
      } else {
        if (timeframe === '1m' && last) ended = last;
        push(bars, { t, o: price, h: price, l: price, c: price, v: size, n: 1 });
      }
    }
    return ended;
  }

  /** Adds a finished one-minute bar (history, or a reload). */
  bar(bar: Omit<HistoryBar, 'market'>): void {
    for (const [timeframe, bars] of this.#series) {
      const t = slotOf(bar.openTimeMs, timeframeMs(timeframe));
      const last = bars.at(-1);
      if (last && last.t === t) {
        last.h = Math.max(last.h, bar.high);
        last.l = Math.min(last.l, bar.low);
        last.c = bar.close;
        last.v += bar.volume;
        last.n += bar.trades;
      } else {
        push(bars, { t, o: bar.open, h: bar.high, l: bar.low, c: bar.close, v: bar.volume, n: bar.trades });
      }
    }
  }

  running(timeframe: Timeframe): Bar | null {
    return this.#series.get(timeframe)?.at(-1) ?? null;
  }

  oneMinuteBars(): readonly Bar[] {
    return this.#series.get('1m') ?? [];
  }

  /** Bars whose open time lies in [fromMs, toMs], oldest first: the newest 5000. */
  snapshot(timeframe: Timeframe, fromMs: number, toMs: number): WireCandle[] {
    const bars = this.#series.get(timeframe) ?? [];
    // From the end: who asks, asks for the newest bars.
    let end = bars.length;
    while (end > 0 && (bars[end - 1] as Bar).t > toMs) end -= 1;
    let begin = end;
    while (begin > 0 && (bars[begin - 1] as Bar).t >= fromMs) begin -= 1;
    return bars.slice(Math.max(begin, end - MAX_BARS), end).map((bar) => this.wire(timeframe, bar));
  }

  /** Every interval's bars; what `load` takes. */
  allBars(): readonly (readonly [Timeframe, readonly Bar[]])[] {
    return [...this.#series];
  }

  /** Puts every interval back as it was: one-minute bars alone do not reach as far back as the longer ones. */
  load(series: readonly (readonly [Timeframe, readonly Bar[]])[]): void {
    for (const [timeframe, bars] of series) this.#series.get(timeframe)?.splice(0, Number.POSITIVE_INFINITY, ...bars);
  }

  wire(timeframe: Timeframe, bar: Bar): WireCandle {
    return {
      t: bar.t,
      T: bar.t + timeframeMs(timeframe) - 1,
      s: this.#coin,
      i: timeframe,
      o: wireNumber(bar.o),
      c: wireNumber(bar.c),
      h: wireNumber(bar.h),
      l: wireNumber(bar.l),
      v: wireNumber(Number(bar.v.toFixed(this.#sizeDecimals))),
      n: bar.n,
    };
  }
}

function push(bars: Bar[], bar: Bar): void {
  bars.push(bar);
  // Cut in blocks: shifting one element of a long array at every minute would cost more than the trade itself.
  if (bars.length > MAX_BARS + 500) bars.splice(0, bars.length - MAX_BARS);
}
