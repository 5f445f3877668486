import { functionEnvironments, observersOf } from '#config/function-environments.ts';
import { type FunctionFolder, nameFor } from '#config/functions.ts';
import { quorumOf } from '#config/kind-settings.ts';
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
}

/** What serves one exchange. */
export interface ExchangeParts extends FunctionParts {
  readonly exchange: string;
  readonly venue: Venue;
}

/** The observers that the quorum asks, and where their documents are. */
export const quorumObservers = ({ config, observerDocuments }: PlatformEnvironment, exchange: string) =>
  quorumObserverIds(quorumOf(config, exchange)).map((id) => ({ id, documents: observerDocuments }));

/** Consumers of streams: events of every exchange come to them. */
export function registerConsumers({ env, repositories: r, plumbing }: FunctionParts): void {
  const { config, clock, telemetry } = env;
  const { runRequests } = plumbing;
  // Settings of all exchanges alike.
  const texts = functionEnvironments(env, exchangesOf(config)[0]);
  const add = adder(plumbing);
  add(
    'balance-consumer',
    balanceConsumer(
      { clock, telemetry, accounts: r.accounts, runs: r.runs, runRequests, alerts: r.alerts },
      balanceConsumerEnvSchema.parse(texts['balance-consumer']),
    ),
  );
  add('price-consumer', priceConsumer({ clock, telemetry, prices: r.prices, jobsOf: r.jobsOf, alerts: r.alerts }, {}));
  add(
    'run-strategies',
    runStrategies(
      { clock, telemetry, runs: r.runs, candles: r.candles, requests: runRequests },
      runStrategiesEnvSchema.parse(texts['run-strategies']),
    ),
    { first: true },
  );
}

/** Builds an exchange's functions from ports, as each `deps.ts` asks, and registers each under the name that its source mapping uses. */
export function registerFunctions(parts: ExchangeParts): void {
  const { env, repositories: r, plumbing, venue, exchange } = parts;
  const { config, clock, ids, telemetry, observerDocuments } = env;
  const { account: accountStream, runRequests } = plumbing;
  const { candle_jobs: candleJobs, orders: orderQueue } = plumbing.workOf(exchange);
  const nameOf = (folder: FunctionFolder) => nameFor(folder, config, exchange);
  const jobs = r.jobsOf(exchange);
  const texts = functionEnvironments(env, exchange);
  const reader = venue.reader.accountReader;
  const aside = { deadLetters: r.deadLetters, alerts: r.alerts };
  const common = { clock, ids, telemetry, jobs };
  const add = adder(plumbing);

  add(
    nameOf('balance'),
    balance(
      {
        ...common,
        ...aside,
        reader,
        accounts: r.accounts,
        orders: r.orders,
        observers: quorumObservers(env, exchange),
        stream: accountStream,
      },
      balanceEnvSchema.parse(texts.balance),
    ),
  );
  for (const { id, httpUrl } of observersOf(config, exchange)) {
    const deps = { clock, telemetry, observer: venue.observerOf(id, httpUrl), documents: observerDocuments };
    add(id, observer(deps, observerEnvSchema.parse(texts.observer(id))));
  }
  add(
    nameOf('market-data'),
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
    nameOf('candle-fetcher'),
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
    nameOf('run-supervisor'),
    runSupervisor(
      { ...common, alerts: r.alerts, runs: r.runs, candles: r.candles, instruments: r.instruments, liveRuns: null },
      runSupervisorEnvSchema.parse(texts['run-supervisor']),
    ),
  );
  add(
    nameOf('reconciliation'),
    reconciliation(
      {
        ...common,
        reconciliation: r.reconciliation,
        accounts: r.accounts,
        instruments: r.instruments,
        runs: r.runs,
        systemState: r.systemState,
        leases: r.leases,
        observers: quorumObservers(env, exchange),
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
    nameOf('janitor'),
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
        // One venue's time corrects the process's clock; by it the others' are judged.
        correction: exchange === exchangesOf(config)[0] ? clock : null,
        storedTimes: r.storedTimes,
      },
      janitorEnvSchema.parse(texts.janitor),
    ),
  );
}

/** Gateway and tracker: what touches orders. */
function registerOrderFunctions({ env, repositories: r, plumbing, venue, exchange }: ExchangeParts): void {
  const { clock, ids, telemetry, config } = env;
  const { runRequests } = plumbing;
  const { orders: orderQueue } = plumbing.workOf(exchange);
  const nameOf = (folder: FunctionFolder) => nameFor(folder, config, exchange);
  const jobs = r.jobsOf(exchange);
  const texts = functionEnvironments(env, exchange);
  const add = adder(plumbing);
  const { orderVenue } = venue.trader;
  if (!orderVenue) throw new Error(`the order gateway of ${exchange} needs a venue with a trading key`);
  add(
    nameOf('order-gateway'),
    orderGateway(
      {
        clock,
        telemetry,
        orders: r.orders,
        facts: r.orderFacts,
        systemState: r.systemState,
        leases: r.leases,
        venue: orderVenue,
        jobs,
        runRequests,
        alerts: r.alerts,
        deadLetters: r.deadLetters,
      },
      orderGatewayEnvSchema.parse(texts['order-gateway']),
    ),
    { first: true },
  );
  add(
    nameOf('order-tracker'),
    orderTracker(
      {
        clock,
        ids,
        telemetry,
        jobs,
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
