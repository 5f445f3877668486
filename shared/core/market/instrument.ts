import type { DecimalText } from '../decimal.ts';
import type { PriceRule } from './tick-rules.ts';

export type InstrumentKind = 'spot' | 'perpetual' | 'future';

/** What a unified symbol says: `BTC/USDT` spot, `BTC/USDC:USDC` perpetual, `BTC/USD:BTC-260327` dated future. */
export interface SymbolParts {
  readonly kind: InstrumentKind;
  readonly base: string;
  readonly quote: string;
  /** What profit is paid in; null for spot. */
  readonly settle: string | null;
}

const SYMBOL = /^([^\s/:]{1,32})\/([^\s/:]{1,16})(?::([^\s/:-]{1,16})(-\d{6})?)?$/;

/** Null when the text is no unified symbol. */
export function symbolParts(symbol: string): SymbolParts | null {
  const match = SYMBOL.exec(symbol);
  if (match === null) return null;
  const [, base = '', quote = '', settle, expiry] = match;
  const kind = settle === undefined ? 'spot' : expiry === undefined ? 'perpetual' : 'future';
  return { kind, base, quote, settle: settle ?? null };
}

/** What may be traded, and the venue's rules for it. Identity: (exchange, symbol), which also says kind, base, quote and settle. */
export interface Instrument {
  readonly exchange: string;
  /** Unified symbol. */
  readonly symbol: string;
  /** The venue's own name for it, as on the wire. */
  readonly venueSymbol: string;
  /** The venue's sub-account whose positions and margin it belongs to; null for the account's own. */
  readonly subAccount: string | null;
  /** The venue's own number for it in orders; 0 where it has none. */
  readonly assetId: number;
  readonly priceRule: PriceRule;
  /** Sizes are whole multiples of it. */
  readonly sizeStep: DecimalText;
  /** Smallest size of an order. */
  readonly minSize: DecimalText;
  /** Smallest order value in quote units. */
  readonly minNotionalQuote: DecimalText;
  /** What a size counts. Core counts in base units: an instrument in another unit is listed and cannot be managed. */
  readonly sizeUnit: 'base' | 'quote' | 'contracts';
  /** Base units of one contract; 1 where sizes are in base units. */
  readonly contractSize: DecimalText;
  /** `isolated`: it knows no other. */
  readonly marginMode: 'cross' | 'isolated';
  readonly maxLeverage: number;
  readonly status: 'active' | 'halted' | 'delisted';
}
