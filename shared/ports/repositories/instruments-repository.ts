import type { Instrument } from '#shared/core/market/instrument.ts';
import type { EpochMs } from '#shared/core/time.ts';

/** A symbol that 3T manages, with the venue's rules for it. */
export interface Product {
  readonly instrument: Instrument;
  /** False: removed by the operator; desired is zero until flat, nothing new is opened. */
  readonly managed: boolean;
  /** Leverage to use; null means the instrument's maximum. */
  readonly leverage: number | null;
}

export interface InstrumentsRepository {
  /** Upserts all of one complete answer of the venue; absent ones become `delisted`. Returns counts. */
  replaceAll(
    exchange: string,
    instruments: readonly Instrument[],
    seenAtMs: EpochMs,
  ): Promise<{ readonly added: number; readonly changed: number; readonly delisted: number; readonly total: number }>;
  all(exchange: string): Promise<readonly Instrument[]>;
  /** Managed and unmanaged products, ordered by symbol. */
  products(exchange: string): Promise<readonly Product[]>;
  /** Adds, or manages again. `unknown-instrument` when the venue does not list it. */
  manage(
    exchange: string,
    symbol: string,
    leverage: number | null,
    atMs: EpochMs,
  ): Promise<'managed' | 'unknown-instrument'>;
  unmanage(exchange: string, symbol: string): Promise<'unmanaged' | 'not-managed'>;
}
