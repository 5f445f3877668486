import { isDue } from '#shared/core/age.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';

export interface InstrumentCatalogDeps {
  readonly exchange: string;
  /** Our stored instruments; empty when none were stored yet. */
  readonly stored: () => Promise<readonly Instrument[]>;
  /** The venue's own list, asked only when nothing is stored or a symbol is missing there. */
  readonly listed: () => Promise<readonly Instrument[]>;
  readonly clock: Clock;
}

const MAX_AGE_MS = 3_600_000;
/** A symbol that nobody knows makes the venue be asked at most this often. */
const ASK_AGAIN_MS = 60_000;

/** Instruments by symbol, kept in memory: an order must not wait for a list of markets. */
export class InstrumentCatalog {
  readonly #deps: InstrumentCatalogDeps;
  #bySymbol: ReadonlyMap<string, Instrument> = new Map();
  #version = 0;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | null = null;

  constructor(deps: InstrumentCatalogDeps) {
    this.#deps = deps;
  }

  /** Rises with each new list. */
  get version(): number {
    return this.#version;
  }

  /** Everything known, in the order of the list. */
  async all(): Promise<readonly Instrument[]> {
    await this.#fresh();
    return [...this.#bySymbol.values()];
  }

  /** Throws `configuration` for a symbol that neither our table nor the venue knows. */
  async instrument(symbol: string): Promise<Instrument> {
    await this.#fresh();
    const nowMs = this.#deps.clock.nowMs();
    if (!this.#bySymbol.has(symbol) && isDue(this.#askedAtMs, nowMs, ASK_AGAIN_MS)) {
      this.#askedAtMs = nowMs;
      this.#keep(await this.#deps.listed());
    }
    const found = this.#bySymbol.get(symbol);
    if (found) return found;
    const flags = { retryable: false, mayHaveReachedVenue: false };
    throw new ExchangeError('configuration', `${this.#deps.exchange} has no instrument ${symbol}`, flags);
  }

  #fresh(): Promise<void> {
    if (!isDue(this.#loadedAtMs, this.#deps.clock.nowMs(), MAX_AGE_MS)) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    let list: readonly Instrument[];
    try {
      list = await this.#deps.stored();
    } catch {
      // What is in memory still trades; without it there is only the venue to ask.
      if (this.#bySymbol.size > 0) return;
      list = [];
    }
    if (list.length === 0) {
      this.#askedAtMs = this.#deps.clock.nowMs();
      list = await this.#deps.listed();
    }
    this.#keep(list);
  }

  #keep(list: readonly Instrument[]): void {
    this.#bySymbol = new Map(list.map((instrument) => [instrument.symbol, instrument]));
    this.#version += 1;
    this.#loadedAtMs = this.#deps.clock.nowMs();
  }
}
