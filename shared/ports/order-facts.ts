import type { LimitFacts } from '#shared/core/risk/limits.ts';
import type { EpochMs } from '#shared/core/time.ts';

/** What the limits and the leverage rule look at, for one symbol, read at one moment. */
export interface OrderFacts extends LimitFacts {
  /** Margin of this symbol is isolated. */
  readonly isolated: boolean;
}

/** Reads the facts behind a last check before the venue; a fixed number of statements. */
export interface OrderFactsReader {
  /** Null when the symbol's instrument is unknown. Throws when the store is unreadable. */
  read(exchange: string, account: string, symbol: string, nowMs: EpochMs): Promise<OrderFacts | null>;
}
