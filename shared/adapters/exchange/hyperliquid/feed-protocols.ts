import type { FeedProtocols } from '../wire/open-feed.ts';
import { hyperliquidMids } from './polling-protocol.ts';
import { hyperliquidTrades } from './trades-protocol.ts';

export const HYPERLIQUID_FEED: FeedProtocols = { trades: hyperliquidTrades, prices: hyperliquidMids };
