import type { TradesProtocol } from '../wire/trades-protocol.ts';
import { decodeFrame } from './decode-frame.ts';

/** The venue takes 1,000 subscriptions of one address. */
const SUBSCRIPTIONS_MAX = 1000;

/** Public trades, one request and one answer for each coin. */
export const hyperliquidTrades = (exchange: string): TradesProtocol => ({
  subscriptionsMax: SUBSCRIPTIONS_MAX,
  ping: JSON.stringify({ method: 'ping' }),
  requests: (method, coins) => coins.map((coin) => JSON.stringify({ method, subscription: { type: 'trades', coin } })),
  decode: (text, symbolByCoin) => decodeFrame(text, exchange, symbolByCoin),
});
