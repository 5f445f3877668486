import type { FeedSettings, Venue, VenueSettings } from '#shared/messages/venue-settings.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import { HYPERLIQUID_FEED } from './hyperliquid/feed-protocols.ts';
import { type FeedPorts, type FeedProtocols, openFeed } from './wire/open-feed.ts';

const BY_VENUE: Readonly<Record<Venue, FeedProtocols>> = { hyperliquid: HYPERLIQUID_FEED };

/** Trades of the venue that the settings name. */
export const openPriceFeed = (venue: VenueSettings, feed: FeedSettings, ports: FeedPorts): PriceFeed =>
  openFeed(venue.exchange, BY_VENUE[venue.venue], venue, feed, ports);
