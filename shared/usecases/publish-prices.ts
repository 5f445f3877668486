import { type Admission, TickSequence, type TickSequenceLimits } from '#shared/core/market/tick-sequence.ts';
import type { EpochMs } from '#shared/core/time.ts';
import { encodeMarketBundle, MARKET_BUNDLE_MAX_ITEMS, marketBundlePrefix } from '#shared/messages/market-bundle.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import { type EventStream, StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { TradeBatch } from '#shared/ports/price-feed.ts';

export interface PublishPricesDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly stream: EventStream;
  /** [0, 1): jitter of retries. */
  readonly random: () => number;
}

export interface PublishPricesOptions {
  readonly exchange: string;
  /** Trades wait at most this long for company; 0 publishes each batch at once. */
  readonly flushIntervalMs: number;
  /** That many trades of a symbol do not wait any longer. */
  readonly flushTicks: number;
  /** Records (symbols) in one put. */
  readonly maxRecordsPerPut: number;
  /** Full-jitter backoff after a failed put: first and largest bound. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly sequence: TickSequenceLimits;
}

export interface PublishPricesStats extends Admission {
  readonly published: number;
  readonly bundles: number;
  readonly gaps: number;
  readonly putFailures: number;
  /** Trades in records that the stream refused for good. */
  readonly lost: number;
  /** Trades not yet accepted by the stream. */
  readonly waiting: number;
  /** Since when puts have been failing; null while they succeed. */
  readonly failingSinceMs: EpochMs | null;
}

interface Line {
  readonly symbol: string;
  readonly partitionKey: string;
  readonly prefix: string;
  readonly sequence: TickSequence;
  /** Arrival of the oldest pending trade. */
  bornAtMs: EpochMs;
}

interface Outgoing {
  readonly line: Line;
  readonly record: StreamRecord;
  readonly tickCount: number;
}

const NO_ADMISSION = { admitted: 0, duplicate: 0, late: 0, stale: 0, future: 0, overflow: 0 };

/**
 * Trades → market bundles: each trade once, in order per symbol, one record of a symbol under way at a time. While the stream
 * fails, trades wait up to the limit of the sequence; beyond it the oldest are dropped and the bundle says `gap`.
 */
export class PricePublisher {
  readonly #deps: PublishPricesDeps;
  readonly #options: PublishPricesOptions;
  readonly #lines = new Map<string, Line>();
  /** Lines with pending trades that still wait for the timer, and those that are to be sent now. */
  readonly #waiting = new Set<Line>();
  readonly #ready = new Set<Line>();
  #timer: TimerHandle | null = null;
  #pumping: Promise<void> | null = null;
  #draining = false;
  readonly #abort = new AbortController();
  #inFlight = 0;
  #totals = { ...NO_ADMISSION, published: 0, bundles: 0, gaps: 0, putFailures: 0, lost: 0 };
  #failingSinceMs: EpochMs | null = null;

  constructor(deps: PublishPricesDeps, options: PublishPricesOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Takes in a batch of the feed. Returns what became of its trades. */
  ingest(batch: TradeBatch): Admission {
    const line = this.#line(batch.symbol);
    if (line.sequence.pendingCount === 0) line.bornAtMs = batch.receivedAtMs;
    const admission = line.sequence.admit(batch.ticks, batch.receivedAtMs, batch.resumed);
    const totals = this.#totals;
    totals.admitted += admission.admitted;
    totals.duplicate += admission.duplicate;
    totals.late += admission.late;
    totals.stale += admission.stale;
    totals.future += admission.future;
    totals.overflow += admission.overflow;
    if (line.sequence.pendingCount > 0) this.#schedule(line);
    return admission;
  }

  /** Sends what is pending and resolves when all of it is accepted, or `timeoutMs` have passed. Returns trades left behind. */
  async stop(timeoutMs: number): Promise<number> {
    this.#release();
    const { promise: deadline, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.setTimer(timeoutMs, resolve);
    await Promise.race([this.#pump(), deadline]);
    timer.cancel();
    this.#abort.abort(new Error('publisher stopped'));
    return this.stats().waiting;
  }

  stats(): PublishPricesStats {
    let waiting = this.#inFlight;
    for (const line of this.#lines.values()) waiting += line.sequence.pendingCount;
    return { ...this.#totals, waiting, failingSinceMs: this.#failingSinceMs };
  }

  #line(symbol: string): Line {
    const known = this.#lines.get(symbol);
    if (known) return known;
    const { exchange, sequence } = this.#options;
    const line: Line = {
      symbol,
      partitionKey: `${exchange}:${symbol}`,
      prefix: marketBundlePrefix(exchange, symbol),
      sequence: new TickSequence(sequence),
      bornAtMs: 0,
    };
    this.#lines.set(symbol, line);
    return line;
  }

  #schedule(line: Line): void {
    const { flushIntervalMs, flushTicks } = this.#options;
    if (this.#ready.has(line)) return;
    if (flushIntervalMs === 0 || line.sequence.pendingCount >= flushTicks) {
      this.#waiting.delete(line);
      this.#ready.add(line);
      void this.#pump();
      return;
    }
    this.#waiting.add(line);
    this.#timer ??= this.#deps.clock.setTimer(flushIntervalMs, () => {
      this.#release();
      void this.#pump();
    });
  }

  #release(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const line of this.#waiting) this.#ready.add(line);
    this.#waiting.clear();
  }

  #pump(): Promise<void> {
    if (this.#pumping) return this.#pumping;
    const pumping = this.#drain();
    // Nothing left to await: it came to its end already.
    if (this.#draining) this.#pumping = pumping;
    return pumping;
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#ready.size > 0 && !this.#abort.signal.aborted) {
        const outgoing = this.#nextPut();
        if (outgoing.length > 0) await this.#send(outgoing);
      }
    } finally {
      // In the same turn as the look at #ready, or a batch that arrives in between would be left lying.
      this.#draining = false;
      this.#pumping = null;
    }
  }

  #nextPut(): Outgoing[] {
    const outgoing: Outgoing[] = [];
    for (const line of this.#ready) {
      if (outgoing.length >= this.#options.maxRecordsPerPut) break;
      const taken = line.sequence.take(MARKET_BUNDLE_MAX_ITEMS);
      if (line.sequence.pendingCount === 0) this.#ready.delete(line);
      if (taken === null) continue;
      const trace = { correlationId: this.#deps.ids.next(), bornAtMs: line.bornAtMs };
      const data = encodeMarketBundle(line.prefix, taken.ticks, taken.gap, trace);
      if (taken.gap) this.#totals.gaps += 1;
      this.#inFlight += taken.ticks.length;
      outgoing.push({ line, record: { partitionKey: line.partitionKey, data }, tickCount: taken.ticks.length });
    }
    return outgoing;
  }

  /** Until accepted, refused for good, or stopped. */
  async #send(outgoing: readonly Outgoing[]): Promise<void> {
    const { clock, random, stream } = this.#deps;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await stream.put(outgoing.map((o) => o.record));
        this.#failingSinceMs = null;
        for (const { tickCount } of outgoing) {
          this.#totals.published += tickCount;
          this.#totals.bundles += 1;
          this.#inFlight -= tickCount;
        }
        return;
      } catch (error) {
        this.#totals.putFailures += 1;
        this.#failingSinceMs ??= clock.nowMs();
        if (error instanceof StreamError && !error.retryable) return this.#sendOneByOne(outgoing);
        const bound = Math.min(this.#options.retryMaxMs, this.#options.retryMinMs * 2 ** Math.min(attempt, 20));
        try {
          await clock.sleep(random() * bound, this.#abort.signal);
        } catch {
          return;
        }
      }
    }
  }

  /** One refused record must not take the others with it. */
  async #sendOneByOne(outgoing: readonly Outgoing[]): Promise<void> {
    const [only] = outgoing;
    if (outgoing.length === 1 && only) {
      this.#totals.lost += only.tickCount;
      this.#inFlight -= only.tickCount;
      only.line.sequence.markLost();
      return;
    }
    for (const one of outgoing) await this.#send([one]);
  }
}
