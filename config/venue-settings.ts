import type { Config } from './schema.ts';
import { accountsOf, exchangeOf, subAccountsOf } from './venues.ts';

/** Where the venue answers: the settings' own addresses, or the simulator's. */
export interface VenueAddresses {
  readonly httpUrl: string;
  readonly wsUrl: string;
}

/** An exchange's settings as its adapter takes them, and as they travel in the variable `VENUE`. No secret stands in them. */
export function venueSettings(config: Config, name: string, { httpUrl, wsUrl }: VenueAddresses) {
  const { resilience, paper } = config;
  const exchange = exchangeOf(config, name);
  const { venue, kind, proxy, origin } = exchange;
  return {
    exchange: name,
    venue,
    kind,
    httpUrl,
    wsUrl,
    accounts: accountsOf(exchange).map((account) => ({ ...account })),
    dexes: [...subAccountsOf(exchange)],
    proxies: { urlPrefixes: [...proxy], origin },
    timeoutMs: resilience.timeout_ms,
    healthMaxAgeMs: resilience.health_check_s * 1000,
    weightPerMinute: resilience.weight_per_minute,
    retryWaitsMs: [...resilience.retry_delays_ms],
    breaker: { failures: resilience.breaker.failures, openForMs: Math.round(resilience.breaker.open_s * 1000) },
    paper: {
      equityQuote: paper.equity_quote,
      takerFee: paper.taker_fee,
      makerFee: paper.maker_fee,
      spreadBps: paper.spread_bps,
      depthQuote: paper.depth_quote,
      priceAgeMsMax: paper.max_price_age_s * 1000,
    },
  };
}

/** How prices are followed, and what travels in the variable `FEED`. */
export function feedSettings(config: Config, name: string) {
  const { feed } = config;
  const { poll_interval: pollIntervalS, poll_batch_size: pollBatchSize } = exchangeOf(config, name);
  return {
    livenessMs: Math.round(feed.liveness_s * 1000),
    pingAfterMs: Math.round(feed.ping_interval_s * 1000),
    backoffMinMs: feed.backoff_min_ms,
    backoffMaxMs: feed.backoff_max_ms,
    pollIntervalMs: Math.round(pollIntervalS * 1000),
    pollBatchSize,
  };
}
