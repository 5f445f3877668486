import { requestWeightPerMinute } from '#shared/adapters/exchange/request-weight.ts';
import { timeframeMs } from '#shared/core/time.ts';
import { functionsOf } from './functions.ts';
import { isPlay, quorumOf } from './kind-settings.ts';
import type { Config } from './schema.ts';
import { accountsOf, type ExchangeConfig, LIVE_ACKNOWLEDGEMENT, subAccountsOf } from './venues.ts';

/** A rule between keys. It runs when none of `needs` has a problem of its own. */
export interface CrossCheck {
  readonly needs: readonly string[];
  /** The key to change and what was expected of it, for each breach. `whereOf` tells the file and line that set a key, or null. */
  readonly check: (
    config: Config,
    whereOf: (path: string) => string | null,
  ) => readonly { readonly path: string; readonly expected: string }[];
}

export const CROSS_CHECKS: readonly CrossCheck[] = [
  {
    needs: ['reconciliation_engine.risk_pos_size', 'reconciliation_engine.risk_pos_percentage'],
    check: ({ reconciliation_engine: engine }) =>
      when(
        (engine.risk_pos_size === null) === (engine.risk_pos_percentage === null),
        'reconciliation_engine.risk_pos_size',
        'expected exactly one of risk_pos_size and risk_pos_percentage; the other is null',
      ),
  },
  {
    // A source read just before its next turn, plus the time a slow read takes, must still count (architecture, rule 3.2).
    needs: ['quorum.max_age_s', 'cadences.balance', 'cadences.observer'],
    check: ({ quorum, cadences }) => {
      const least = 2 * Math.max(cadences.balance, cadences.observer) + 60;
      return when(
        quorum.max_age_s < least,
        'quorum.max_age_s',
        `expected at least ${least}: 2 × the slower cadence of balance (${cadences.balance}) and observer (${cadences.observer}) + 60`,
      );
    },
  },
  {
    needs: ['quorum'],
    check: ({ quorum }) => [
      ...when(
        quorum.quorum > quorum.sources.length,
        'quorum.quorum',
        `expected at most the number of sources, ${quorum.sources.length}`,
      ),
      ...doubles(quorum.sources, 'quorum.sources'),
      ...doubles(
        quorum.observers.map((observer) => observer.id),
        'quorum.observers',
      ),
      ...quorum.sources.flatMap((source, index) =>
        when(
          source !== 'own-table' && !quorum.observers.some((observer) => source === `observer:${observer.id}`),
          `quorum.sources.${index}`,
          'expected an observer that quorum.observers lists',
        ),
      ),
    ],
  },
  {
    needs: ['exchanges.*.kind', 'quorum'],
    check: ({ exchanges, quorum }) => {
      if (!Object.values(exchanges).every(({ kind }) => kind === 'paper')) return [];
      const expected = 'expected none but own-table for kind paper: nobody else can see an account that only we keep';
      return [
        ...when(
          quorum.sources.some((source) => source !== 'own-table'),
          'quorum.sources',
          expected,
        ),
        ...when(quorum.observers.length > 0, 'quorum.observers', expected),
      ];
    },
  },
  {
    needs: ['exchanges'],
    check: ({ exchanges }) => [
      ...Object.entries(exchanges).flatMap(([name, exchange]) => exchangeRules(`exchanges.${name}`, exchange)),
      ...oneWriterEach(exchanges),
    ],
  },
  {
    needs: ['exchanges', 'quorum'],
    check: (config) => {
      const functions = functionsOf(config);
      return functions.flatMap(({ name, exchange }, index) =>
        when(
          functions.findIndex((other) => other.name === name) !== index,
          exchange === null ? 'exchanges' : `exchanges.${exchange}`,
          `expected another name: two functions would be called ${name}`,
        ),
      );
    },
  },
  {
    needs: [
      'limits.max_order_notional',
      'limits.max_position_notional',
      'reconciliation_engine.minimum_trade_threshold',
    ],
    check: ({ limits, reconciliation_engine: engine }) => [
      ...when(
        limits.max_order_notional > limits.max_position_notional,
        'limits.max_order_notional',
        `expected at most limits.max_position_notional, ${limits.max_position_notional}`,
      ),
      ...when(
        engine.minimum_trade_threshold > limits.max_order_notional,
        'reconciliation_engine.minimum_trade_threshold',
        `expected at most limits.max_order_notional, ${limits.max_order_notional}: no order could pass`,
      ),
    ],
  },
  {
    needs: ['limits.max_mark_age_s', 'cadences.market_data'],
    check: ({ limits, cadences }) =>
      when(
        limits.max_mark_age_s < 2 * cadences.market_data,
        'limits.max_mark_age_s',
        `expected at least ${2 * cadences.market_data}: 2 × cadences.market_data`,
      ),
  },
  {
    needs: [
      'cadences',
      'clock.check_every_s',
      'market_data.timeframes',
      'quorum.observers',
      'resilience.weight_per_minute',
      'exchanges',
    ],
    check: (config) =>
      [...Map.groupBy(Object.entries(config.exchanges), limitedAs).values()].flatMap((group) =>
        requestRules(config, group),
      ),
  },
  {
    needs: ['reconciliation_engine.exit_slippage_steps'],
    check: ({ reconciliation_engine: engine }) =>
      when(
        engine.exit_slippage_steps.some((step, index, steps) => index > 0 && step <= steps[index - 1]!),
        'reconciliation_engine.exit_slippage_steps',
        'expected each step to be wider than the one before',
      ),
  },
  {
    needs: ['market_data.timeframes', 'providence.strategies'],
    check: ({ market_data, providence }) => [
      ...doubles(market_data.timeframes, 'market_data.timeframes'),
      ...Object.entries(providence.strategies).flatMap(([name, strategy]) =>
        when(
          !market_data.timeframes.includes(strategy.timeframe),
          `providence.strategies.${name}.timeframe`,
          `expected one of market_data.timeframes: ${market_data.timeframes.join(', ')}`,
        ),
      ),
    ],
  },
  {
    needs: ['providence.min_duration_s', 'providence.max_duration_s'],
    check: ({ providence }) =>
      when(
        providence.min_duration_s > providence.max_duration_s,
        'providence.min_duration_s',
        `expected at most max_duration_s, ${providence.max_duration_s}`,
      ),
  },
  {
    needs: ['feed'],
    check: ({ feed }) => [
      ...when(
        feed.ping_interval_s >= feed.liveness_s,
        'feed.ping_interval_s',
        `expected less than feed.liveness_s, ${feed.liveness_s}`,
      ),
      ...when(
        feed.backoff_min_ms > feed.backoff_max_ms,
        'feed.backoff_min_ms',
        `expected at most feed.backoff_max_ms, ${feed.backoff_max_ms}`,
      ),
    ],
  },
];

type Entry = readonly [name: string, exchange: ExchangeConfig];

/** The venue counts by the caller's address: exchanges that ask the same one share its limit. A simulator of its own counts for itself. */
const limitedAs = ([name, { venue, http_url: url }]: Entry): string => (url === null ? name : `${venue} ${url}`);

/** What the schedules ask of the venue must fit into its limit, or exits compete with reads for what is left. */
function requestRules(config: Config, group: readonly Entry[]) {
  const { cadences, resilience, exchanges } = config;
  const weights = new Map<string, number>();
  for (const [name, exchange] of group) {
    for (const [job, weight] of Object.entries(requestsOf(config, name, exchange))) {
      weights.set(job, (weights.get(job) ?? 0) + Math.ceil(weight));
    }
  }
  const costs = [...weights].filter(([, weight]) => weight > 0).sort((a, b) => b[1] - a[1]);
  const sum = costs.reduce((total, [, weight]) => total + weight, 0);
  const dearest = costs.find(([job]) => Object.hasOwn(cadences, job))?.[0] ?? 'market_data';
  const terms = costs.map(([job, weight]) => `${job} ${weight}`).join(' + ');
  const whose = Object.keys(exchanges).length > 1 ? ` of ${group.map(([name]) => name).join(' and ')}` : '';
  return when(
    sum > resilience.weight_per_minute,
    `cadences.${dearest}`,
    `expected cadences whose requests${whose} cost at most resilience.weight_per_minute, ${resilience.weight_per_minute}: ${terms} = ${sum} a minute`,
  );
}

const requestsOf = (config: Config, name: string, exchange: ExchangeConfig) =>
  requestWeightPerMinute(exchange.venue, {
    cadences: config.cadences,
    clockCheckS: config.clock.check_every_s,
    observers: quorumOf(config, name).observers.length,
    dexes: subAccountsOf(exchange).length,
    symbols: exchange.symbols.length,
    timeframesS: config.market_data.timeframes.map((frame) => timeframeMs(frame) / 1000),
    isPaper: exchange.kind === 'paper',
  });

function exchangeRules(path: string, exchange: ExchangeConfig): { path: string; expected: string }[] {
  return [
    ...when(
      exchange.kind === 'live' && exchange.live_acknowledgement !== LIVE_ACKNOWLEDGEMENT,
      `${path}.live_acknowledgement`,
      `expected the sentence "${LIVE_ACKNOWLEDGEMENT}" for kind live`,
    ),
    ...when(
      exchange.approval === 'automatic' && !isPlay(exchange),
      `${path}.approval`,
      `expected manual: kind ${exchange.kind} is approved by a human`,
    ),
    ...when(
      exchange.kind === 'live' && exchange.http_url !== null && !exchange.http_url.startsWith('https:'),
      `${path}.http_url`,
      'expected https for kind live',
    ),
    ...when(
      exchange.kind === 'live' && exchange.ws_url !== null && !exchange.ws_url.startsWith('wss:'),
      `${path}.ws_url`,
      'expected wss for kind live',
    ),
    ...doubles(
      accountsOf(exchange).map((account) => account.name),
      `${path}.accounts`,
    ),
    ...doubles(
      accountsOf(exchange).map((account) => account.address),
      `${path}.accounts`,
    ),
    ...doubles(exchange.symbols, `${path}.symbols`),
    ...(exchange.venue === 'hyperliquid' ? dexRules(path, exchange) : []),
  ];
}

function dexRules(path: string, { symbols, dexes }: Extract<ExchangeConfig, { venue: 'hyperliquid' }>) {
  return symbols.flatMap((symbol, index) => {
    const dex = symbol.includes('-') ? symbol.slice(0, symbol.indexOf('-')).toLowerCase() : null;
    return when(
      dex !== null && !dexes.includes(dex),
      `${path}.symbols.${index}`,
      `expected a dex that ${path}.dexes lists: ${dexes.join(', ') || 'it lists none'}`,
    );
  });
}

/** Two exchanges may be of one venue, but an account has one writer: two would each take the other's orders for foreign. */
function oneWriterEach(exchanges: Config['exchanges']): { path: string; expected: string }[] {
  const writers = new Map<string, string>();
  return Object.entries(exchanges).flatMap(([name, exchange]) => {
    // The books of paper are kept by exchange, and each has a simulator of its own: nobody else's orders are in them.
    if (exchange.kind === 'paper' || exchange.http_url === null) return [];
    return accountsOf(exchange).flatMap(({ address }, index) => {
      const account = `${exchange.venue} ${exchange.http_url} ${address}`;
      const other = writers.get(account);
      writers.set(account, name);
      return when(
        other !== undefined && other !== name,
        `exchanges.${name}.accounts.${index}`,
        `expected an account that exchanges.${other} does not trade: one writer each`,
      );
    });
  });
}

const when = (broken: boolean, path: string, expected: string): { path: string; expected: string }[] =>
  broken ? [{ path, expected }] : [];

const doubles = (values: readonly string[], path: string): { path: string; expected: string }[] => {
  const twice = [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
  return when(twice.length > 0, path, `expected each once; twice: ${twice.join(', ')}`);
};
