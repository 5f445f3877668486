import type { DecimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';

/** One public trade: the unit of every price feed. Identity: (exchange, symbol, tradeId). */
export interface TradeTick {
  readonly exchange: string;
  /** Unified symbol, `BTC/USDC:USDC`. */
  readonly symbol: string;
  /** The venue's trade id as text. Polled prices carry `poll:<symbol>:<venueTimeMs>`. */
  readonly tradeId: string;
  readonly price: DecimalText;
  /** Base units; `0` for a polled price. */
  readonly size: DecimalText;
  /** Side of the taker. */
  readonly side: 'buy' | 'sell';
  /** The venue's time of the trade. */
  readonly venueTimeMs: EpochMs;
}
