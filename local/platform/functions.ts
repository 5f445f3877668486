import { functionEnvironments, observersOf } from '#config/function-environments.ts';
import { exchangesOf } from '#config/venues.ts';
import { balanceEnvSchema } from '#functions/balance/env.ts';
import { createHandler as balance } from '#functions/balance/handler.ts';
import { balanceConsumerEnvSchema } from '#functions/balance-consumer/env.ts';
import { createHandler as balanceConsumer } from '#functions/balance-consumer/handler.ts';
import { candleFetcherEnvSchema } from '#functions/candle-fetcher/env.ts';
import { createHandler as candleFetcher } from '#functions/candle-fetcher/handler.ts';
import { janitorEnvSchema } from '#functions/janitor/env.ts';
import { createHandler as janitor } from '#functions/janitor/handler.ts';
import { marketDataEnvSchema } from '#functions/market-data/env.ts';
import { createHandler as marketData } from '#functions/market-data/handler.ts';
import { observerEnvSchema } from '#functions/observer/env.ts';
import { createHandler as observer } from '#functions/observer/handler.ts';
import { orderGatewayEnvSchema } from '#functions/order-gateway/env.ts';
import { createHandler as orderGateway } from '#functions/order-gateway/handler.ts';
import { orderTrackerEnvSchema } from '#functions/order-tracker/env.ts';
import { createHandler as orderTracker } from '#functions/order-tracker/handler.ts';
import { createHandler as priceConsumer } from '#functions/price-consumer/handler.ts';
import { reconciliationEnvSchema } from '#functions/reconciliation/env.ts';
import { createHandler as reconciliation } from '#functions/reconciliation/handler.ts';
import { runStrategiesEnvSchema } from '#functions/run-strategies/env.ts';
import { createHandler as runStrategies } from '#functions/run-strategies/handler.ts';
import { runSupervisorEnvSchema } from '#functions/run-supervisor/env.ts';
import { createHandler as runSupervisor } from '#functions/run-supervisor/handler.ts';
import type { Handler, RegisterOptions } from '#local/emulators/invoker.ts';
import type { CorrectedClock } from '#shared/adapters/system/corrected-clock.ts';
import { quorumObserverIds } from '#shared/core/reconciliation/cycle-settings.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import type { PlatformEnvironment } from './environment.ts';
import type { Plumbing } from './plumbing.ts';
import type { Repositories } from './repositories.ts';
import type { Venue } from './venue.ts';

const TIMEOUT_MS = 60_000;

/** Each handler names the envelope that it expects; its source mapping sends no other. */
type AnyHandler = (event: never) => Promise<unknown>;
const adder =
  (plumbing: Plumbing) =>
  (name: string, handler: AnyHandler, options: RegisterOptions = {}) =>
    plumbing.invoker.register(name, handler as unknown as Handler, TIMEOUT_MS, options);

export interface FunctionParts {
  readonly env: PlatformEnvironment & { readonly clock: CorrectedClock };
  readonly repositories: Repositories;
  readonly plumbing: Plumbing;
  readonly venue: Venue;
}

/** The observers that the quorum asks, and where their documents are. */
export const quorumObservers = ({ config, observerDocuments }: PlatformEnvironment) =>
  quorumObserverIds(config.quorum).map((id) => ({ id, documents: observerDocuments }));

/** Builds every function from ports, as each `deps.ts` asks, and registers it under the name that its source mapping uses. */
export function registerFunctions(parts: FunctionParts): void {
  const { env, repositories: r, plumbing, venue } = parts;
  const { config, clock, ids, telemetry, observerDocuments } = env;
  const { account: accountStream, candleJobs, orders: orderQueue, runRequests } = plumbing;
  const texts = functionEnvironments(env, exchangesOf(env.config)[0]);
  const reader = venue.reader.accountReader;
  const aside = { deadLetters: r.deadLetters, alerts: r.alerts };
  const common = { clock, ids, telemetry, jobs: r.jobs };
  const add = adder(plumbing);

  add(
    'balance',
    balance(
      {
        ...common,
        ...aside,
        reader,
        accounts: r.accounts,
        orders: r.orders,
        observers: quorumObservers(env),
        stream: accountStream,
      },
      balanceEnvSchema.parse(texts.balance),
    ),
  );
  add(
    'balance-consumer',
    balanceConsumer(
      { ...common, accounts: r.accounts, runs: r.runs, runRequests, alerts: r.alerts },
      balanceConsumerEnvSchema.parse(texts['balance-consumer']),
    ),
  );
  for (const { id, httpUrl } of observersOf(config, exchangesOf(config)[0])) {
    const deps = { clock, telemetry, observer: venue.observerOf(id, httpUrl), documents: observerDocuments };
    add(id, observer(deps, observerEnvSchema.parse(texts.observer(id))));
  }
  add(
    'market-data',
    marketData(
      {
        ...common,
        ...aside,
        fetchStates: r.fetchStates,
        runs: r.runs,
        candleJobs,
        instruments: r.instruments,
        market: venue.reader.marketData,
        prices: r.prices,
        candles: r.candles,
      },
      marketDataEnvSchema.parse(texts['market-data']),
    ),
  );
  add(
    'candle-fetcher',
    candleFetcher(
      {
        clock,
        telemetry,
        market: venue.reader.marketData,
        candles: r.candles,
        fetchStates: r.fetchStates,
        ...aside,
      },
      candleFetcherEnvSchema.parse(texts['candle-fetcher']),
    ),
  );
  add(
    'price-consumer',
    priceConsumer({ clock, telemetry, prices: r.prices, jobsOf: () => r.jobs, alerts: r.alerts }, {}),
  );
  add(
    'run-strategies',
    runStrategies(
      { clock, telemetry, runs: r.runs, candles: r.candles, requests: runRequests },
      runStrategiesEnvSchema.parse(texts['run-strategies']),
    ),
    { first: true },
  );
  add(
    'run-supervisor',
    runSupervisor(
      { ...common, alerts: r.alerts, runs: r.runs, candles: r.candles, instruments: r.instruments, liveRuns: null },
      runSupervisorEnvSchema.parse(texts['run-supervisor']),
    ),
  );
  add(
    'reconciliation',
    reconciliation(
      {
        ...common,
        reconciliation: r.reconciliation,
        accounts: r.accounts,
        instruments: r.instruments,
        runs: r.runs,
        systemState: r.systemState,
        leases: r.leases,
        observers: quorumObservers(env),
        orders: r.orders,
        orderQueue,
        runRequests,
        delayedRequests: runRequests,
        alerts: r.alerts,
        installation: r.installation,
      },
      reconciliationEnvSchema.parse(texts.reconciliation),
    ),
    // Its lease is held by the platform, not by an invocation, so invocations must not overlap.
    { serial: true, first: true },
  );
  registerOrderFunctions(parts);
  add(
    'janitor',
    janitor(
      {
        ...common,
        systemState: r.systemState,
        installation: r.installation,
        marker: env.marker,
        reader,
        ...aside,
        marketData: venue.reader.marketData,
        instruments: r.instruments,
        orders: r.orders,
        accounts: r.accounts,
        observers: observerDocuments,
        exchangeHealth: { check: () => venue.reader.checkHealth() },
        venueClock: venue.reader.venueClock,
        correction: clock,
        storedTimes: r.storedTimes,
      },
      janitorEnvSchema.parse(texts.janitor),
    ),
  );
}

/** Gateway and tracker: what touches orders. */
function registerOrderFunctions({ env, repositories: r, plumbing, venue }: FunctionParts): void {
  const { clock, ids, telemetry } = env;
  const { runRequests, orders: orderQueue } = plumbing;
  const texts = functionEnvironments(env, exchangesOf(env.config)[0]);
  const add = adder(plumbing);
  const { orderVenue } = venue.trader;
  if (!orderVenue) throw new Error('the order gateway needs a venue with a trading key');
  add(
    'order-gateway',
    orderGateway(
      {
        clock,
        telemetry,
        orders: r.orders,
        facts: r.orderFacts,
        systemState: r.systemState,
        leases: r.leases,
        venue: orderVenue,
        jobs: r.jobs,
        runRequests,
        alerts: r.alerts,
        deadLetters: r.deadLetters,
      },
      orderGatewayEnvSchema.parse(texts['order-gateway']),
    ),
    { first: true },
  );
  add(
    'order-tracker',
    orderTracker(
      {
        clock,
        ids,
        telemetry,
        jobs: r.jobs,
        orders: r.orders,
        reader: venue.reader.accountReader,
        venueClock: venue.reader.venueClock,
        accounts: r.accounts,
        instruments: r.instruments,
        control: systemControl({ systemState: r.systemState, installation: r.installation, marker: env.marker }),
        installation: r.installation,
        orderQueue,
        runRequests,
        alerts: r.alerts,
        deadLetters: r.deadLetters,
      },
      orderTrackerEnvSchema.parse(texts['order-tracker']),
    ),
  );
}
