import { EXCHANGE } from '#config/function-environments.ts';
import { createHyperliquid, type Hyperliquid } from '#shared/adapters/exchange/hyperliquid/create-hyperliquid.ts';
import { readAccountForObserver } from '#shared/adapters/exchange/hyperliquid/observer-reader.ts';
import { HyperliquidPollingFeed } from '#shared/adapters/exchange/hyperliquid-feed/hyperliquid-polling-feed.ts';
import {
  HyperliquidTradesFeed,
  TRADES_FEED_DEFAULTS,
} from '#shared/adapters/exchange/hyperliquid-feed/hyperliquid-trades-feed.ts';
import { fetchPostJson } from '#shared/adapters/exchange/hyperliquid-feed/post-json.ts';
import { BREAKER_SETTINGS } from '#shared/adapters/exchange/resilience/shared-breakers.ts';
import type { AccountObserver } from '#shared/ports/account-observer.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import type { PlatformEnvironment } from './environment.ts';
import type { Repositories } from './repositories.ts';

export interface Venue {
  /** Without a key: what balance, market data, tracker and janitor use. */
  readonly reader: Hyperliquid;
  /** With the trading keys: for the order gateway alone. */
  readonly trader: Hyperliquid;
  readonly feed: PriceFeed;
  /** `httpUrl` null: the venue's own address. */
  observerOf(id: string, httpUrl: string | null): AccountObserver;
  close(): Promise<void>;
}

export function createVenue(env: PlatformEnvironment, repositories: Repositories): Venue {
  const { config, clock, telemetry } = env;
  const settings = config.exchanges.hyperliquid;
  const accounts = settings.accounts.map((a) => ({
    name: a.name,
    address: a.address,
    tradingKeySecret: a.agent_key_secret,
  }));
  const options = {
    httpUrl: env.venue.httpUrl,
    accounts,
    dexes: settings.dexes,
    instruments: repositories.instruments,
    clock,
    telemetry,
    alerts: repositories.alerts,
    breakers: repositories.breakers,
    fetch: env.fetch,
    proxies: { urlPrefixes: settings.proxy, origin: settings.origin },
    signingSource: settings.kind === 'testnet' ? ('b' as const) : ('a' as const),
    timeoutMs: config.resilience.timeout_ms,
    healthMaxAgeMs: config.resilience.health_check_s * 1000,
    resilience: {
      weightPerMinute: config.resilience.weight_per_minute,
      retryWaitsMs: config.resilience.retry_delays_ms,
      breaker: {
        ...BREAKER_SETTINGS,
        failures: config.resilience.breaker.failures,
        openForMs: config.resilience.breaker.open_s * 1000,
      },
    },
  };
  const reader = createHyperliquid({ ...options, secrets: null });
  const trader = createHyperliquid({ ...options, secrets: env.secrets });
  return {
    reader,
    trader,
    feed: createFeed(env),
    observerOf: (id, httpUrl) => ({
      observe: (address) =>
        readAccountForObserver({
          url: httpUrl ?? env.venue.httpUrl,
          address,
          dexes: settings.dexes,
          observerId: id,
          fetch: env.fetch,
          timeoutMs: config.resilience.timeout_ms,
        }),
    }),
    close: async () => {
      await reader.close();
      await trader.close();
    },
  };
}

/** WebSocket; polling by itself when a proxy is configured, since a proxy carries HTTP only. */
function createFeed(env: PlatformEnvironment): PriceFeed {
  const { config, clock, telemetry, random } = env;
  const settings = config.exchanges.hyperliquid;
  const backoff = { backoffMinMs: config.feed.backoff_min_ms, backoffMaxMs: config.feed.backoff_max_ms };
  if (settings.proxy.length > 0) {
    return new HyperliquidPollingFeed(
      { clock, random, telemetry, post: fetchPostJson(clock) },
      {
        exchange: EXCHANGE,
        infoUrls: settings.proxy.map((prefix) => `${prefix.replace(/\/$/, '')}/${env.venue.httpUrl}/info`),
        origin: settings.origin,
        pollIntervalMs: settings.poll_interval * 1000,
        pollBatchSize: settings.poll_batch_size,
        timeoutMs: config.resilience.timeout_ms,
        livenessMs: config.feed.liveness_s * 1000,
        ...backoff,
      },
    );
  }
  return new HyperliquidTradesFeed(
    { clock, random, telemetry, connect: env.connect },
    {
      ...TRADES_FEED_DEFAULTS,
      exchange: EXCHANGE,
      url: env.venue.wsUrl,
      pingAfterMs: config.feed.ping_interval_s * 1000,
      livenessMs: config.feed.liveness_s * 1000,
      ...backoff,
    },
  );
}
