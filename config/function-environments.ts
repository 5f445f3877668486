import { OWN_TABLE, quorumObserverIds } from '#shared/core/reconciliation/cycle-settings.ts';
import { hip3Leverage, type LeveragePolicy } from '#shared/core/risk/leverage.ts';
import type { Timeframe } from '#shared/core/time.ts';
import { heartbeatAges } from './functions.ts';
import { quorumOf } from './kind-settings.ts';
import type { Config } from './schema.ts';
import { feedSettings } from './venue-settings.ts';
import { accountOf, accountsOf, type ExchangeConfig, exchangeOf, exchangesOf } from './venues.ts';

/** The observers of an exchange; each is a function of its own, named by its id. */
export const observersOf = (
  config: Config,
  exchange: string,
): readonly { readonly id: string; readonly httpUrl: string | null }[] =>
  quorumOf(config, exchange).observers.map((o) => ({ id: o.id, httpUrl: o.http_url }));

/** Ceilings of leverage; without a take profit the original's default of 5 holds on HIP-3 dexes. */
export const leveragePolicy = ({ limits, take_profit: takeProfit }: Config): LeveragePolicy => ({
  maxLeverage: limits.max_leverage,
  hip3Leverage: hip3Leverage(takeProfit.threshold ?? 1, takeProfit.reward_multiple),
});

/** Units of direction that are worth an order; with sizing by equity nobody knows beforehand, so any one may be. */
const directionOfSmallestTrade = ({
  risk_pos_size,
  minimum_trade_threshold,
}: Config['reconciliation_engine']): number =>
  risk_pos_size === null ? 1 : Math.max(1, Math.ceil(minimum_trade_threshold / risk_pos_size));

/**
 * Observers that must have read an equity which does not follow from the last one. The books of paper are our own: nobody else can
 * read them.
 */
const confirmations = ({ kind }: ExchangeConfig, quorum: Config['quorum']): number =>
  kind === 'paper' ? 0 : Math.max(1, Math.min(quorum.quorum, quorumObserverIds(quorum).length));

const perTimeframe = (map: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(map)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

export interface EnvironmentOptions {
  readonly config: Config;
  /** Names this writer in the leases of an account: the embedded process, or a deployment. */
  readonly holder: string;
  /** Seed of the runs that the supervisor draws. */
  readonly seed: number;
  /** True where two invocations of one function may run at once: the planner's lease is then each invocation's own. */
  readonly overlapping?: boolean;
}

/**
 * The environment variables of each function of an exchange that come from the settings, as text; those that name resources come from whoever
 * makes the resources. CDK sets both on AWS; the embedded platform parses the same text, so it goes through the same checks.
 */
export function functionEnvironments(
  { config, holder, seed, overlapping = false }: EnvironmentOptions,
  exchange: string,
) {
  const settings = exchangeOf(config, exchange);
  const account = accountOf(config, exchange);
  const who = { EXCHANGE: exchange, ACCOUNT: account.name, ADDRESS: account.address };
  const quorum = quorumOf(config, exchange);
  const { cadences, reconciliation_engine: engine, market_data: marketData } = config;
  const observers = quorumObserverIds(quorum);
  const ownTable = quorum.sources.includes(OWN_TABLE) ? 1 : 0;
  const cycle = {
    RECONCILIATION_ENGINE: JSON.stringify(engine),
    QUORUM: JSON.stringify(quorum),
    LIMITS: JSON.stringify(config.limits),
    CALENDAR: config.trading_hours.calendar,
    HIP3_LEVERAGE: String(leveragePolicy(config).hip3Leverage),
    // One late pass is not an outage.
    SUPERVISOR_MAX_AGE_MS: String((2 * cadences.run_supervisor + 60) * 1000),
  };
  const timeframes: readonly Timeframe[] = marketData.timeframes;
  return {
    balance: { ...who, QUORUM: cycle.QUORUM, CONFIRMATIONS: String(confirmations(settings, quorum)) },
    'balance-consumer': { TAKE_PROFIT: JSON.stringify(config.take_profit) },
    observer: (id: string) => ({ OBSERVER_ID: id, EXCHANGE: exchange, WALLET_ADDRESSES: account.address }),
    'market-data': {
      EXCHANGE: exchange,
      TIMEFRAMES: timeframes.join(','),
      LOOKBACK_BARS: perTimeframe(marketData.lookback_bars),
      RETENTION_DAYS: perTimeframe(marketData.retention_days),
      TICK_RETENTION_H: String(marketData.tick_retention_h),
    },
    'candle-fetcher': { CONCURRENCY_LIMIT: String(marketData.concurrency_limit) },
    'price-consumer': {},
    'run-strategies': {
      LIVE_PNL_THRESHOLD: String(engine.live_pnl_threshold),
      ON_CHANGE_ENABLED: String(engine.on_change.enabled),
      ON_CHANGE_MIN_INTERVAL_S: String(engine.on_change.min_interval_s),
      ON_CHANGE_DIRECTION_MIN: String(directionOfSmallestTrade(engine)),
    },
    'run-supervisor': {
      EXCHANGE: exchange,
      ACCOUNT: account.name,
      PROVIDENCE: JSON.stringify({ ...config.providence, seed: String(seed) }),
      GAP_ALARM_S: String(marketData.gap_alarm_s),
    },
    reconciliation: {
      ...who,
      ...cycle,
      OUTBOX_BATCH_SIZE: String(config.order_gateway.outbox_batch_size),
      // The same after a restart, so that a killed planner need not wait for its own lease.
      ...(overlapping ? {} : { LEASE_HOLDER: holder }),
    },
    'order-gateway': {
      EXCHANGE: exchange,
      LIMITS: JSON.stringify(config.limits),
      LEASE_HOLDER: holder,
      LEASE_TTL_S: String(config.order_gateway.lease_ttl_s),
      EXIT_RETRIES_MAX: String(engine.exit_slippage_steps.length),
      HIP3_LEVERAGE: cycle.HIP3_LEVERAGE,
      SNAPSHOT_MAX_AGE_S: String(quorum.max_age_s),
    },
    'order-tracker': {
      EXCHANGE: exchange,
      ACCOUNT: account.name,
      NOT_FOUND_GRACE_S: String(config.order_gateway.not_found_grace_s),
      EXIT_RETRIES_MAX: String(engine.exit_slippage_steps.length),
      OUTBOX_BATCH_SIZE: String(config.order_gateway.outbox_batch_size),
    },
    janitor: {
      ...who,
      VENUE_KIND: settings.kind,
      APPROVAL: settings.approval,
      SYMBOLS: settings.symbols.join(','),
      OBSERVER_IDS: observers.join(','),
      OBSERVERS_REQUIRED: String(Math.max(0, Math.min(observers.length, quorum.quorum - ownTable))),
      INSTRUMENTS_REFRESH_MS: String(cadences.instruments * 1000),
      INSTRUMENTS_MAX_AGE_MS: String(3 * cadences.instruments * 1000),
      CLOCK_JUMP_MS: String(Math.max(30_000, 6 * cadences.janitor * 1000)),
      CLOCK_CHECK_MS: String(config.clock.check_every_s * 1000),
      CLOCK_BEHIND_MAX_MS: String(config.clock.behind_max_s * 1000),
      CLOCK_AHEAD_MAX_MS: String(config.clock.ahead_max_s * 1000),
      HEALTH_CHECK_MS: String(config.resilience.health_check_s * 1000),
    },
    api: {
      ...who,
      ...cycle,
      EXCHANGES: JSON.stringify(
        exchangesOf(config).map((name) => ({
          exchange: name,
          accounts: accountsOf(exchangeOf(config, name)).map((a) => a.name),
        })),
      ),
      OBSERVER_IDS: observersOf(config, exchange)
        .map((o) => o.id)
        .join(','),
      ORIGIN_SCHEME: 'http',
      MAX_BODY_BYTES: String(config.http.max_body_bytes),
      HEARTBEAT_AGES_MS: JSON.stringify(heartbeatAges(config)),
      MAX_EVENT_CLIENTS: String(config.http.max_event_clients),
      EVENTS_INTERVAL_MS: String(config.http.events_interval_ms),
    },
    migrate: {},
    'price-producer': {
      EXCHANGE: exchange,
      FEED: JSON.stringify(feedSettings(config, exchange)),
      FLUSH_INTERVAL_MS: String(config.feed.flush_interval_ms),
      DEDUPE_WINDOW: String(config.feed.dedupe_window),
    },
  } as const;
}
