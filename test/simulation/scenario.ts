import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { type AccountSpec, TEST_ACCOUNTS } from '#local/exchange-simulator/signers/test-accounts.ts';
import type { MarketSpec } from '#local/exchange-simulator/venue/market-spec.ts';
import { marketSpecs } from '#local/exchange-simulator/wire/hyperliquid/market-specs.ts';
import { type Draw, seededDraw } from './draw.ts';
import { drawFault, drawLiar, isVenueFault, SCENARIO_FAULTS } from './scenario-faults.ts';

/** Where in the life of an order the process dies. `time`: at an instant, whatever it does. */
export const KILL_MOMENTS = [
  'time',
  'before-intent',
  'after-intent',
  'request-left',
  'request-executed',
  'reply-arrived',
  'end-stored',
] as const;
export type KillMoment = (typeof KILL_MOMENTS)[number];

export interface PlannedKill {
  readonly moment: KillMoment;
  /** Not before this market time, as an offset from the start. */
  readonly fromMs: number;
  /** The moment's how many-th occurrence from then on. */
  readonly nth: number;
  readonly downMs: number;
}

export interface PlannedRedelivery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly probability: number;
  readonly delayMsMax: number;
}

/** An order by hand through the HTTP API: a limit order that rests, or one that takes. */
export interface PlannedManualOrder {
  readonly atMs: number;
  readonly market: number;
  readonly side: 'buy' | 'sell';
  /** Limit price as a fraction away from the market, on the side where it rests; negative ones trade at once. */
  readonly awayFraction: number;
  readonly notionalQuote: number;
}

/** Everything that distinguishes one seed from another. Times are offsets from the start, in market ms. */
export interface Scenario {
  readonly seed: number;
  readonly overrides: readonly string[];
  readonly markets: readonly MarketSpec[];
  readonly accounts: readonly AccountSpec[];
  readonly ticksPerSecond: number;
  readonly network: { readonly minMs: number; readonly maxMs: number };
  readonly newHolderPerLife: boolean;
  readonly faults: readonly Fault[];
  readonly kills: readonly PlannedKill[];
  readonly redelivery: PlannedRedelivery | null;
  readonly manualOrders: readonly PlannedManualOrder[];
  readonly cycleMs: number;
  /** The least market time that a run lasts. */
  readonly durationMs: number;
}

const MINUTE = 60_000;
const FAULT_PERIOD = { fromMs: MINUTE, toMs: 25 * MINUTE };
const NATIVE_COINS = ['BTC', 'ETH', 'SOL', 'HYPE', 'ZEC', 'APT'];
const DEX_COINS = ['xyz:INTC', 'xyz:CL'];

export function scenarioOf(seed: number): Scenario {
  const draw = seededDraw(seed);
  const markets = drawMarkets(draw);
  const cycleS = draw.oneOf([60, 90, 120]);
  const kinds = draw.some(SCENARIO_FAULTS, draw.int(5, 8));
  const faults = kinds.filter(isVenueFault).flatMap((kind) =>
    Array.from({ length: draw.int(1, 2) }, (_, i) => {
      const id = `${kind}-${i + 1}`;
      if (kind === 'snapshot-time' && draw.chance(0.4)) return drawLiar(id, draw, FAULT_PERIOD);
      return [drawFault(kind, id, draw, FAULT_PERIOD)];
    }).flat(),
  );
  return {
    seed,
    markets,
    overrides: [...symbolsOf(markets), ...cadences(cycleS), ...sizing(draw), ...resilience(draw)],
    accounts: drawAccounts(draw),
    ticksPerSecond: draw.oneOf([0.08, 0.12, 0.16]),
    network: draw.oneOf([
      { minMs: 1, maxMs: 20 },
      { minMs: 20, maxMs: 300 },
      { minMs: 100, maxMs: 1_500 },
    ]),
    newHolderPerLife: draw.chance(0.5),
    faults,
    kills: kinds.includes('platform-kill') ? drawKills(draw) : [],
    redelivery: kinds.includes('redelivery') ? drawRedelivery(draw) : null,
    manualOrders: drawManualOrders(draw, markets.length),
    cycleMs: cycleS * 1_000,
    durationMs: 30 * MINUTE,
  };
}

/** Three or four symbols, one of them HIP-3; asset ids are places in their universe, as at the venue. */
function drawMarkets(draw: Draw): readonly MarketSpec[] {
  const native = draw.some(NATIVE_COINS, draw.int(2, 3));
  const chosen = new Set([...native, draw.oneOf(DEX_COINS)]);
  const scale = draw.oneOf([1.5, 2, 3]);
  return marketSpecs()
    .filter((market) => chosen.has(market.coin))
    .map((market, i) => ({
      ...market,
      assetId: market.dex === null ? i : 110_000,
      volatilityBps: market.volatilityBps * scale,
    }));
}

const symbolOf = (market: MarketSpec): string => `${market.coin.replace(':', '-').toUpperCase()}/USDC:USDC`;
const symbolsOf = (markets: readonly MarketSpec[]) => [
  `exchanges.hyperliquid.symbols=[${markets.map(symbolOf).join(', ')}]`,
];

/** Slower than the local stage's: a virtual hour costs what happens in it. */
const cadences = (cycleS: number): readonly string[] => [
  'cadences.balance=30',
  'cadences.observer=30',
  'cadences.market_data=30',
  'cadences.run_supervisor=60',
  'cadences.order_tracker=10',
  'cadences.janitor=5',
  'market_data.timeframes=[1m]',
  'market_data.lookback_bars.1m=150',
  'quorum.max_age_s=120',
  'limits.max_price_age_s=60',
  'streams.consumers.run_strategies.window_s=5',
  'feed.liveness_s=20',
  'feed.ping_interval_s=10',
  'feed.backoff_max_ms=5000',
  `reconciliation_engine.rebalance_frequency=${cycleS}`,
];

/** Sizes around the limits, so that limits bind in some seeds and in others not. */
function sizing(draw: Draw): readonly string[] {
  const order = draw.oneOf([60, 150, 400, 1_000]);
  const position = draw.oneOf([1, 2, 4]) * order;
  return [
    `providence.desired_run_count=${draw.int(16, 24)}`,
    `providence.seed="${draw.int(1, 1_000_000)}"`,
    `reconciliation_engine.risk_pos_size=${draw.oneOf([25, 40, 80])}`,
    `reconciliation_engine.max_margin_usage_percentage=${draw.oneOf([0.05, 0.2, 0.5])}`,
    `reconciliation_engine.invert_decisions=${draw.chance(0.2)}`,
    `reconciliation_engine.on_change.min_interval_s=${draw.oneOf([1, 5, 15])}`,
    `limits.max_order_notional=${order}`,
    `limits.max_position_notional=${position}`,
    `limits.max_orders_per_minute=${draw.oneOf([6, 20, 60])}`,
    `quorum.quorum=${draw.chance(0.15) ? 3 : 2}`,
  ];
}

const resilience = (draw: Draw): readonly string[] => [
  `resilience.timeout_ms=${draw.oneOf([3_000, 10_000])}`,
  `resilience.breaker.failures=${draw.oneOf([3, 5])}`,
  `resilience.breaker.open_s=${draw.oneOf([15, 30])}`,
];

function drawAccounts(draw: Draw): readonly AccountSpec[] {
  const [main] = TEST_ACCOUNTS;
  const native = draw.oneOf([1_000, 3_000, 10_000]);
  return [{ ...main!, depositsQuote: { native: String(native), xyz: String(native / 2) } }];
}

const drawKills = (draw: Draw): readonly PlannedKill[] =>
  Array.from({ length: draw.int(1, 3) }, () => ({
    moment: draw.oneOf(KILL_MOMENTS),
    fromMs: draw.int(FAULT_PERIOD.fromMs, FAULT_PERIOD.toMs * 0.8),
    nth: draw.int(1, 3),
    downMs: draw.oneOf([draw.int(200, 3_000), draw.int(3_000, 25_000), draw.int(25_000, 90_000)]),
  })).sort((a, b) => a.fromMs - b.fromMs);

const drawRedelivery = (draw: Draw): PlannedRedelivery => ({
  ...FAULT_PERIOD,
  probability: draw.oneOf([0.02, 0.1, 0.3]),
  delayMsMax: draw.oneOf([0, 2_000, 20_000]),
});

const drawManualOrders = (draw: Draw, markets: number): readonly PlannedManualOrder[] =>
  Array.from({ length: draw.int(2, 4) }, () => ({
    atMs: draw.int(FAULT_PERIOD.fromMs, FAULT_PERIOD.toMs),
    market: draw.int(0, markets - 1),
    side: draw.oneOf(['buy', 'sell'] as const),
    // Far enough to rest until it is cancelled, near enough to be filled by the crowd, or across the spread.
    awayFraction: draw.oneOf([0.02, 0.001, 0.0005, -0.002]),
    // The largest is more than many scenarios allow: the gateway has to refuse it.
    notionalQuote: draw.oneOf([25, 60, 500]),
  }));
