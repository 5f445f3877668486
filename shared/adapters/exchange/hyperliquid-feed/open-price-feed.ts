import type { FeedSettings, VenueSettings } from '#shared/messages/venue-settings.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { HyperliquidPollingFeed } from './hyperliquid-polling-feed.ts';
import { HyperliquidTradesFeed, TRADES_FEED_DEFAULTS } from './hyperliquid-trades-feed.ts';
import { fetchPostJson } from './post-json.ts';
import type { ConnectWebSocket } from './web-socket-like.ts';

export interface FeedPorts {
  readonly clock: Clock;
  /** [0, 1): jitter. */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly connect: ConnectWebSocket;
}

/** WebSocket; polling by itself when a proxy is configured, since a proxy carries HTTP only. */
export function openPriceFeed(
  exchange: string,
  venue: Pick<VenueSettings, 'httpUrl' | 'wsUrl' | 'proxies' | 'timeoutMs'>,
  feed: FeedSettings,
  ports: FeedPorts,
): PriceFeed {
  const { clock, random, telemetry, connect } = ports;
  const { livenessMs, backoffMinMs, backoffMaxMs } = feed;
  const { urlPrefixes, origin } = venue.proxies;
  if (urlPrefixes.length > 0) {
    return new HyperliquidPollingFeed(
      { clock, random, telemetry, post: fetchPostJson(clock) },
      {
        exchange,
        infoUrls: urlPrefixes.map((prefix) => `${prefix.replace(/\/$/, '')}/${venue.httpUrl}/info`),
        origin,
        pollIntervalMs: feed.pollIntervalMs,
        pollBatchSize: feed.pollBatchSize,
        timeoutMs: venue.timeoutMs,
        livenessMs,
        backoffMinMs,
        backoffMaxMs,
      },
    );
  }
  const options = { exchange, url: venue.wsUrl, pingAfterMs: feed.pingAfterMs, livenessMs, backoffMinMs, backoffMaxMs };
  return new HyperliquidTradesFeed({ clock, random, telemetry, connect }, { ...TRADES_FEED_DEFAULTS, ...options });
}
