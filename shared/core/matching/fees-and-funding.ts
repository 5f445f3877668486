import { Decimal } from '../decimal.ts';

/** Shares of the traded value: 0.00045 is 0.045 %. */
export interface FeeRates {
  readonly taker: Decimal;
  readonly maker: Decimal;
}

/** Fee in quote units, to the millionth that USDC has. */
export const feeQuote = (price: Decimal, size: Decimal, rate: Decimal): Decimal =>
  price.times(size.abs()).times(rate).toDecimalPlaces(6, Decimal.ROUND_HALF_UP);

/**
 * Hourly funding in quote units: positive is received. Longs pay shorts while the rate is positive; the oracle price
 * values the position. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/funding
 */
export const fundingQuote = (size: Decimal, oraclePrice: Decimal, hourlyRate: Decimal): Decimal =>
  size.times(oraclePrice).times(hourlyRate).neg().toDecimalPlaces(6, Decimal.ROUND_HALF_EVEN);

/** Mark price: the median of best bid, best ask and last trade; the last trade alone where a side is empty. */
export function markPrice(bestBid: Decimal | null, bestAsk: Decimal | null, lastTrade: Decimal): Decimal {
  if (bestBid === null || bestAsk === null) return lastTrade;
  return Decimal.max(bestBid, Decimal.min(bestAsk, lastTrade));
}
