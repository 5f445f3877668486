import type { DecimalText } from '../decimal.ts';

/** What may be traded, and the venue's rules for it. Identity: (exchange, symbol). */
export interface Instrument {
  readonly exchange: string;
  /** Unified symbol: `BTC/USDC:USDC`, HIP-3 `XYZ-INTC/USDC:USDC`. */
  readonly symbol: string;
  /** The venue's own name on the wire: `BTC`, HIP-3 `xyz:INTC`. */
  readonly coin: string;
  /** HIP-3 dex that lists it; null for the native one. */
  readonly dex: string | null;
  /** Asset number in orders: index; HIP-3 100000 + dex × 10000 + index. */
  readonly assetId: number;
  /** Sizes have at most this many decimals: the lot is 10^-sizeDecimals. */
  readonly sizeDecimals: number;
  readonly maxLeverage: number;
  /** Smallest order value in quote units. */
  readonly minNotionalQuote: DecimalText;
  readonly status: 'active' | 'halted' | 'delisted';
}

/** One lot in base units: the smallest step of a size. */
export const lotSize = (instrument: Pick<Instrument, 'sizeDecimals'>): DecimalText =>
  instrument.sizeDecimals === 0 ? '1' : `0.${'0'.repeat(instrument.sizeDecimals - 1)}1`;
