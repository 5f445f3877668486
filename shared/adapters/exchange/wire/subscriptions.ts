import { isDue } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { FeedInstrument } from '#shared/ports/price-feed.ts';

/** What the feed knows of one symbol's subscription on the present connection. */
export interface Subscription {
  readonly instrument: FeedInstrument;
  state: 'unsent' | 'sent' | 'active' | 'refused';
  sentAtMs: EpochMs;
  /** Requests without an answer, or refusals, in a row. */
  failures: number;
  /** When to ask again, while refused. */
  retryAtMs: EpochMs;
  /** The next batch is the first since the subscription: the venue's backfill. */
  resuming: boolean;
  /** Arrival of the newest frame with its trades, on any connection; null before the first. */
  lastDataMs: EpochMs | null;
  /** Silence that is believed before the venue is asked again; doubles while the symbol is merely quiet. */
  patienceMs: number;
}

export interface SubscriptionTimes {
  /** A request without answer is repeated after this. */
  readonly answerTimeoutMs: number;
  readonly silenceMs: number;
  readonly silenceMaxMs: number;
  readonly refusedMinMs: number;
  readonly refusedMaxMs: number;
}

/** Bookkeeping of all subscriptions of a connection: what to send and when. Knows no socket and no clock. */
export class Subscriptions {
  readonly #max: number;
  readonly #times: SubscriptionTimes;
  readonly #byVenueSymbol = new Map<string, Subscription>();
  readonly #bySymbol = new Map<string, Subscription>();
  readonly symbolByVenueSymbol = new Map<string, string>();

  /** `max`: subscriptions that the venue takes on one connection. */
  constructor(max: number, times: SubscriptionTimes) {
    this.#max = max;
    this.#times = times;
  }

  /** Replaces the set, by symbol order. Returns the venue symbols to drop and how many did not fit. */
  replace(instruments: readonly FeedInstrument[]): { readonly removed: readonly string[]; readonly refused: number } {
    const sorted = instruments.toSorted((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
    const wanted = new Map(sorted.slice(0, this.#max).map((i) => [i.venueSymbol, i]));
    const removed = [...this.#byVenueSymbol.keys()].filter((venueSymbol) => !wanted.has(venueSymbol));
    for (const venueSymbol of removed) {
      this.#bySymbol.delete(this.#byVenueSymbol.get(venueSymbol)!.instrument.symbol);
      this.#byVenueSymbol.delete(venueSymbol);
      this.symbolByVenueSymbol.delete(venueSymbol);
    }
    for (const [venueSymbol, instrument] of wanted) {
      if (this.#byVenueSymbol.has(venueSymbol)) continue;
      const subscription = this.#fresh(instrument);
      this.#byVenueSymbol.set(venueSymbol, subscription);
      this.#bySymbol.set(instrument.symbol, subscription);
      this.symbolByVenueSymbol.set(venueSymbol, instrument.symbol);
    }
    return { removed, refused: instruments.length - wanted.size };
  }

  all(): Iterable<Subscription> {
    return this.#byVenueSymbol.values();
  }

  get size(): number {
    return this.#byVenueSymbol.size;
  }

  ofVenueSymbol(venueSymbol: string): Subscription | undefined {
    return this.#byVenueSymbol.get(venueSymbol);
  }

  ofSymbol(symbol: string): Subscription | undefined {
    return this.#bySymbol.get(symbol);
  }

  /** A new connection: everything has to be asked for again. */
  reset(): void {
    for (const s of this.#byVenueSymbol.values()) {
      s.state = 'unsent';
      s.failures = 0;
      s.resuming = true;
      s.patienceMs = this.#times.silenceMs;
    }
  }

  markSent(s: Subscription, nowMs: EpochMs): void {
    s.state = 'sent';
    s.sentAtMs = nowMs;
    s.resuming = true;
  }

  markActive(s: Subscription): void {
    s.state = 'active';
    s.failures = 0;
  }

  markRefused(s: Subscription, nowMs: EpochMs): void {
    const { refusedMinMs, refusedMaxMs } = this.#times;
    s.state = 'refused';
    s.retryAtMs = nowMs + Math.min(refusedMaxMs, refusedMinMs * 2 ** Math.min(s.failures, 20));
    s.failures += 1;
  }

  /** A frame with trades of the symbol came; `fresh`: not merely the answer to our own asking. */
  markData(s: Subscription, nowMs: EpochMs, fresh: boolean): void {
    this.markActive(s);
    s.lastDataMs = nowMs;
    if (fresh) s.patienceMs = this.#times.silenceMs;
  }

  /** Requests that must be sent (again) now: first ones, unanswered ones, refused ones whose time has come. */
  due(nowMs: EpochMs): Subscription[] {
    return [...this.#byVenueSymbol.values()].filter((s) => this.#dueAtMs(s) <= nowMs);
  }

  /** When `due` will next have something; null when all are answered. */
  nextDueMs(): EpochMs | null {
    let next = Number.POSITIVE_INFINITY;
    for (const s of this.#byVenueSymbol.values()) next = Math.min(next, this.#dueAtMs(s));
    return Number.isFinite(next) ? next : null;
  }

  /** Active symbols that have been silent beyond their patience; their patience doubles. */
  takeSilent(nowMs: EpochMs): Subscription[] {
    const silent = [...this.#byVenueSymbol.values()].filter(
      (s) => s.state === 'active' && isDue(Math.max(s.lastDataMs ?? 0, s.sentAtMs), nowMs, s.patienceMs),
    );
    for (const s of silent) s.patienceMs = Math.min(this.#times.silenceMaxMs, s.patienceMs * 2);
    return silent;
  }

  #dueAtMs(s: Subscription): EpochMs {
    if (s.state === 'unsent') return 0;
    if (s.state === 'sent') return s.sentAtMs + this.#times.answerTimeoutMs;
    return s.state === 'refused' ? s.retryAtMs : Number.POSITIVE_INFINITY;
  }

  #fresh(instrument: FeedInstrument): Subscription {
    return {
      instrument,
      state: 'unsent',
      sentAtMs: 0,
      failures: 0,
      retryAtMs: 0,
      resuming: true,
      lastDataMs: null,
      patienceMs: this.#times.silenceMs,
    };
  }
}
