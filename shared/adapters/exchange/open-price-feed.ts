import type { FeedSettings, VenueSettings } from '#shared/messages/venue-settings.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import { HYPERLIQUID_FEED } from './hyperliquid/feed-protocols.ts';
import { type FeedPorts, openFeed } from './wire/open-feed.ts';

/** Trades of the venue that the settings name. */
export const openPriceFeed = (
  exchange: string,
  venue: VenueSettings,
  feed: FeedSettings,
  ports: FeedPorts,
): PriceFeed => openFeed(exchange, HYPERLIQUID_FEED, venue, feed, ports);
