import { SECOND_MS } from '#shared/core/time.ts';
import { type CsvBar, type CsvFormat, type CsvRefusalCode, csvFormat, parseCsvLine } from './csv-bar.ts';
import { LineReader } from './line-reader.ts';
import type { HistoryBar, MarketSource, MarketTick, SourceRefusals } from './market-source.ts';

export interface ReplayOptions {
  readonly path: string;
  /** Index of the market that the file's prices belong to. */
  readonly market: number;
  readonly sizeDecimals: number;
  /** Bars before this time become candles only, without trades. */
  readonly fromMs: number | null;
}

/** Seconds of a bar at which its four prices trade. */
const OFFSETS_MS = [0, 20 * SECOND_MS, 40 * SECOND_MS, 59 * SECOND_MS] as const;
const MAX_SAMPLES = 20;

interface Refused {
  count: number;
  byCode: Record<string, number>;
  samples: SourceRefusals['samples'][number][];
}

interface SavedReplay {
  readonly offset: number;
  readonly line: number;
  readonly lastOpenMs: number;
  readonly lastPrice: number;
  readonly pending: readonly MarketTick[];
  readonly refusals: SourceRefusals;
  readonly skipBeforeMs: number;
  readonly bars: number;
}

/**
 * Trades from a file of one-minute bars: O,L,H,C when the close is not below the open, else O,H,L,C, each with a quarter
 * of the bar's volume. Bad lines are counted with a sample, never thrown.
 */
export class ReplaySource implements MarketSource {
  readonly #options: ReplayOptions;
  readonly #format: CsvFormat;
  #reader: LineReader;
  #offset = 0;
  #line = 0;
  #lastOpenMs = Number.NEGATIVE_INFINITY;
  #lastPrice = 0;
  #bars = 0;
  #skipBeforeMs = Number.NEGATIVE_INFINITY;
  #pending: MarketTick[] = [];
  #refusals: Refused = { count: 0, byCode: {}, samples: [] };

  /** @throws when the file cannot be opened or its first line is of neither known format. */
  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#reader = new LineReader(options.path);
    const first = this.#reader.next();
    const format = first ? csvFormat(first.text) : null;
    if (format === null) {
      this.#reader.close();
      const seen = first ? `its first line is ${JSON.stringify(first.text.slice(0, 80))}` : 'it is empty';
      throw new Error(
        `${options.path} is neither a timestamp,open,high,low,close,volume file nor a Binance kline file: ${seen}`,
      );
    }
    this.#format = format;
    this.#seek(0, 0);
  }

  *history(): Iterable<HistoryBar> {
    const { fromMs } = this.#options;
    if (fromMs === null) return;
    for (;;) {
      const bar = this.#nextBar();
      if (bar === null) return;
      if (bar.openTimeMs >= fromMs) {
        this.#queue(bar);
        return;
      }
      this.#lastPrice = bar.close;
      yield { ...bar, market: this.#options.market, trades: 4 };
    }
  }

  nextAtMs(): number | null {
    while (this.#pending.length === 0) {
      const bar = this.#nextBar();
      if (bar === null) return null;
      this.#queue(bar);
    }
    return (this.#pending[0] as MarketTick).atMs;
  }

  take(): MarketTick {
    const tick = this.#pending.shift() as MarketTick;
    if (tick.atMs === this.#lastOpenMs) this.#bars += 1;
    this.#lastPrice = tick.price;
    return tick;
  }

  skipTo(nowMs: number): void {
    this.#skipBeforeMs = nowMs;
    this.#pending = this.#pending.filter((tick) => tick.atMs >= nowMs);
  }

  state(): SavedReplay {
    return {
      offset: this.#offset,
      line: this.#line,
      lastOpenMs: Number.isFinite(this.#lastOpenMs) ? this.#lastOpenMs : -1,
      lastPrice: this.#lastPrice,
      pending: this.#pending,
      refusals: this.#refusals,
      skipBeforeMs: Number.isFinite(this.#skipBeforeMs) ? this.#skipBeforeMs : -1,
      bars: this.#bars,
    };
  }

  restore(state: unknown): void {
    const saved = state as SavedReplay;
    this.#seek(saved.offset, saved.line);
    this.#lastOpenMs = saved.lastOpenMs;
    this.#lastPrice = saved.lastPrice;
    this.#skipBeforeMs = saved.skipBeforeMs;
    this.#bars = saved.bars ?? 0;
    this.#pending = [...saved.pending];
    this.#refusals = structuredClone(saved.refusals) as Refused;
  }

  bars(): number {
    return this.#bars;
  }

  refusals(): SourceRefusals {
    return this.#refusals;
  }

  #seek(offset: number, line: number): void {
    this.#reader.close();
    this.#reader = new LineReader(this.#options.path, { offset, number: line });
    this.#offset = offset;
    this.#line = line;
  }

  #nextBar(): CsvBar | null {
    for (;;) {
      const line = this.#reader.next();
      if (line === null) return null;
      this.#offset = line.nextOffset;
      this.#line = line.number;
      if (line.truncated) {
        this.#refuse('too-long', line.number, line.text);
        continue;
      }
      const parsed = parseCsvLine(line.text, this.#format);
      if (parsed.kind === 'skip') continue;
      if (parsed.kind === 'refused') {
        this.#refuse(parsed.code, line.number, line.text);
        continue;
      }
      if (parsed.bar.openTimeMs <= this.#lastOpenMs) {
        this.#refuse(parsed.bar.openTimeMs === this.#lastOpenMs ? 'duplicate' : 'out-of-order', line.number, line.text);
        continue;
      }
      this.#lastOpenMs = parsed.bar.openTimeMs;
      return parsed.bar;
    }
  }

  #queue(bar: CsvBar): void {
    const { open, high, low, close } = bar;
    const prices = close >= open ? [open, low, high, close] : [open, high, low, close];
    const scale = 10 ** this.#options.sizeDecimals;
    const size = Math.max(1, Math.round((bar.volume / 4) * scale)) / scale;
    let before = this.#lastPrice;
    for (const [i, price] of prices.entries()) {
      const atMs = bar.openTimeMs + (OFFSETS_MS[i] as number);
      const side = price === before ? (i % 2 === 0 ? 'B' : 'A') : price > before ? 'B' : 'A';
      before = price;
      if (atMs >= this.#skipBeforeMs) this.#pending.push({ atMs, market: this.#options.market, price, size, side });
    }
  }

  #refuse(code: CsvRefusalCode, line: number, text: string): void {
    this.#refusals.count += 1;
    this.#refusals.byCode[code] = (this.#refusals.byCode[code] ?? 0) + 1;
    if (this.#refusals.samples.length < MAX_SAMPLES) {
      this.#refusals.samples.push({ line, code, text: text.slice(0, 120) });
    }
  }
}
