import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Takeover } from '#shared/core/portfolio/takeover.ts';
import type { EpochMs } from '#shared/core/time.ts';

/** A symbol that 3T manages, with the venue's rules for it. */
export interface Product {
  readonly instrument: Instrument;
  /** False: removed by the operator; desired is zero until flat, nothing new is opened. */
  readonly managed: boolean;
  /** Leverage to use; null means the instrument's maximum. */
  readonly leverage: number | null;
  /** Since when without a break; null for longer than this is written down. */
  readonly managedSinceMs: EpochMs | null;
  /** Null: whatever is held there is 3T's. */
  readonly takeover: Takeover | null;
}

export interface InstrumentsRepository {
  /** Upserts all of one complete answer of the venue; absent ones become `delisted`. Returns counts. */
  replaceAll(
    exchange: string,
    instruments: readonly Instrument[],
    seenAtMs: EpochMs,
  ): Promise<{ readonly added: number; readonly changed: number; readonly delisted: number; readonly total: number }>;
  all(exchange: string): Promise<readonly Instrument[]>;
  /** Managed and unmanaged products, ordered by symbol; released ones are nobody's and are left out. */
  products(exchange: string): Promise<readonly Product[]>;
  /**
   * Adds, or manages again, since `atMs` unless it is managed already; `takeover` as given, or as it is when left out (null for a new
   * one). `unknown-instrument` when the venue does not list it.
   */
  manage(
    exchange: string,
    symbol: string,
    leverage: number | null,
    atMs: EpochMs,
    takeover?: Takeover | null,
  ): Promise<'managed' | 'unknown-instrument'>;
  /**
   * Manages those symbols that never were products, as `unchecked`: one that the operator removed or took over stays as it is.
   * One call for all; symbols that the venue does not list are returned.
   */
  manageNew(
    exchange: string,
    symbols: readonly string[],
    atMs: EpochMs,
  ): Promise<{ readonly added: readonly string[]; readonly unknownInstruments: readonly string[] }>;
  /** Settles the takeover of these symbols, each only while it is managed since the time given: one added again has another. */
  endTakeover(
    exchange: string,
    symbols: readonly { readonly symbol: string; readonly managedSinceMs: EpochMs }[],
  ): Promise<void>;
  /** What is held there is 3T's to close from now on. */
  unmanage(exchange: string, symbol: string): Promise<'unmanaged' | 'not-managed'>;
  /**
   * Symbols that were removed and are flat now are products no more, until `manage`: a position that somebody opens there later
   * is not ours to close. One that is managed again, or that our own table still holds, stays as it is.
   */
  retire(exchange: string, symbols: readonly string[], atMs: EpochMs): Promise<void>;
  /** Hands the symbol to the operator: it is no product any more and its position is not touched, until `manage`. */
  releaseToOperator(exchange: string, symbol: string, atMs: EpochMs): Promise<'released' | 'not-a-product'>;
}
