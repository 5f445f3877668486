import type { EpochMs } from '#shared/core/time.ts';
import type { FeedTrouble } from '#shared/ports/price-feed.ts';

const MESSAGE_CHARS_MAX = 200;
const SYMBOLS_MAX = 50;

/**
 * What keeps the prices away, over reconnections: a refused subscription ends in a silent socket, and only the refusal says why.
 * Knows no socket and no clock.
 */
export class FeedTroubles {
  readonly #refused = new Map<string, { readonly message: string; readonly sinceMs: EpochMs }>();
  /** An error of the venue that names no symbol: it may concern all. */
  #unnamed: { readonly message: string; readonly sinceMs: EpochMs } | null = null;
  #failure: Pick<FeedTrouble, 'code' | 'message' | 'sinceMs'> | null = null;

  refused(symbol: string | null, message: string, nowMs: EpochMs): void {
    const text = message.slice(0, MESSAGE_CHARS_MAX);
    if (symbol === null) this.#unnamed = { message: text, sinceMs: this.#unnamed?.sinceMs ?? nowMs };
    else this.#refused.set(symbol, { message: text, sinceMs: this.#refused.get(symbol)?.sinceMs ?? nowMs });
  }

  failed(code: FeedTrouble['code'], reason: string, nowMs: EpochMs): void {
    const message = reason.slice(0, MESSAGE_CHARS_MAX);
    this.#failure = { code, message, sinceMs: this.#failure?.sinceMs ?? nowMs };
  }

  /** The venue has taken the subscription of the symbol. */
  accepted(symbol: string): void {
    this.#refused.delete(symbol);
  }

  /** Prices of the symbol came: the connection is well. */
  flowed(symbol: string): void {
    this.#refused.delete(symbol);
    this.#unnamed = null;
    this.#failure = null;
  }

  /** The gravest one, of the symbols that are followed. */
  worst(followed: ReadonlySet<string>): FeedTrouble | null {
    for (const symbol of this.#refused.keys()) if (!followed.has(symbol)) this.#refused.delete(symbol);
    const symbols = [...this.#refused.keys()].sort();
    const first = this.#refused.get(symbols[0] ?? '');
    if (first !== undefined) {
      const sinceMs = Math.min(...[...this.#refused.values()].map((refusal) => refusal.sinceMs));
      const all = symbols.length === followed.size;
      return { code: 'refused', message: first.message, symbols: all ? [] : symbols.slice(0, SYMBOLS_MAX), sinceMs };
    }
    if (this.#failure === null) return null;
    const failure = { ...this.#failure, symbols: [] };
    // What failed had been answered with an error before: that is the cause.
    return this.#unnamed === null ? failure : { ...failure, code: 'refused', ...this.#unnamed };
  }
}
