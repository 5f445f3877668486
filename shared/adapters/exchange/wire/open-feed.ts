import type { FeedSettings, VenueSettings } from '#shared/messages/venue-settings.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { PollingFeed, type PollingProtocol } from './polling-feed.ts';
import { requestText } from './request-text.ts';
import { TRADES_FEED_DEFAULTS, TradesFeed } from './trades-feed.ts';
import type { TradesProtocol } from './trades-protocol.ts';
import type { ConnectWebSocket } from './web-socket-like.ts';

/** What a venue gives to have its prices followed. */
export interface FeedProtocols {
  readonly trades: (exchange: string) => TradesProtocol;
  readonly prices: PollingProtocol;
}

export interface FeedPorts {
  readonly clock: Clock;
  /** [0, 1): jitter. */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly connect: ConnectWebSocket;
}

/** WebSocket; polling by itself when a proxy is configured, since a proxy carries HTTP only. */
export function openFeed(
  exchange: string,
  protocols: FeedProtocols,
  venue: Pick<VenueSettings, 'httpUrl' | 'wsUrl' | 'proxies' | 'timeoutMs'>,
  feed: FeedSettings,
  ports: FeedPorts,
): PriceFeed {
  const { clock, random, telemetry, connect } = ports;
  const { livenessMs, backoffMinMs, backoffMaxMs } = feed;
  const { urlPrefixes, origin } = venue.proxies;
  if (urlPrefixes.length > 0) {
    return new PollingFeed(
      { clock, random, telemetry, request: requestText(clock), protocol: protocols.prices },
      {
        exchange,
        baseUrls: urlPrefixes.map((prefix) => `${prefix.replace(/\/$/, '')}/${venue.httpUrl}`),
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
  const deps = { clock, random, telemetry, connect, protocol: protocols.trades(exchange) };
  return new TradesFeed(deps, { ...TRADES_FEED_DEFAULTS, ...options });
}
