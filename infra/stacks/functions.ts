import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { functionEnvironments, observersOf } from '#config/function-environments.ts';
import type { Config } from '#config/schema.ts';
import * as api from '#functions/api/env.ts';
import * as balance from '#functions/balance/env.ts';
import * as balanceConsumer from '#functions/balance-consumer/env.ts';
import * as candleFetcher from '#functions/candle-fetcher/env.ts';
import * as janitor from '#functions/janitor/env.ts';
import * as marketData from '#functions/market-data/env.ts';
import * as migrate from '#functions/migrate/env.ts';
import * as observer from '#functions/observer/env.ts';
import * as orderGateway from '#functions/order-gateway/env.ts';
import * as orderTracker from '#functions/order-tracker/env.ts';
import * as priceConsumer from '#functions/price-consumer/env.ts';
import * as reconciliation from '#functions/reconciliation/env.ts';
import * as runStrategies from '#functions/run-strategies/env.ts';
import * as runSupervisor from '#functions/run-supervisor/env.ts';
import type { Behaviours } from '../constructs/behaviours.ts';
import type { LambdaBehaviour, LambdaBehaviourProps } from '../constructs/lambda-behaviour.ts';
import type { PlatformParts, RequestQueues } from '../constructs/platform-resources.ts';
import { createWorkQueue, type DeadQueues } from '../constructs/queue-source.ts';

/** The variables of every function that come from the settings, as on any platform. */
export const environmentsOf = (config: Config) =>
  functionEnvironments({
    config,
    // One writer per deployment: the FIFO group lets only one of its invocations run.
    holder: `aws-${config.stage}`,
    seed: Number(config.providence.seed) || 1,
    overlapping: true,
  });

const apiSchema = z.object({ ...api.apiEnvSchema.shape, ...api.manualOrdersEnvSchema.shape });

/** Longer than it waits for the answer to an order by hand: killed before, it would hide that the order was stored. */
const apiTimeoutSeconds = ({ aws, reconciliation_engine }: Config): number =>
  Math.max(aws.functions.timeout_s, reconciliation_engine.order_timeout + 10);

/** What a human or a deployment calls; a parked stage keeps these. */
export function addOperatorFunctions(
  behaviours: Behaviours,
  config: Config,
): { readonly api: LambdaBehaviour; readonly migrate: LambdaBehaviour } {
  const texts = environmentsOf(config);
  return {
    api: behaviours.answering(
      'api',
      {
        env: apiSchema,
        resources: api.resourcesSchema,
        // A Lambda answer is whole: no server-sent events.
        settings: { ...texts.api, ORIGIN_SCHEME: 'https', MAX_EVENT_CLIENTS: '0' },
        options: { beginsTrace: true, timeout: Duration.seconds(apiTimeoutSeconds(config)) },
      },
      !config.aws.parked,
    ),
    migrate: behaviours.answering(
      'migrate',
      {
        env: migrate.migrateEnvSchema,
        resources: migrate.resourcesSchema,
        settings: texts.migrate,
        use: { databaseUser: 'migrate' },
        options: { timeout: Duration.minutes(15) },
      },
      // Whoever deploys sees its answer.
      false,
    ),
  };
}

export interface FunctionsInput {
  readonly scope: Construct;
  readonly behaviours: Behaviours;
  readonly config: Config;
  readonly parts: PlatformParts;
  readonly streams: NonNullable<PlatformParts['streams']>;
  readonly dead: DeadQueues;
  /** Where orders leave from, when venues whitelist addresses. */
  readonly network: LambdaBehaviourProps['network'];
}

/** Every function that something other than a human starts. */
export function addFunctions(input: FunctionsInput): void {
  addScheduled(input);
  addConsumers(input);
  addWorkers(input);
}

function addScheduled({ scope, behaviours, config, parts, dead }: FunctionsInput): void {
  const texts = environmentsOf(config);
  const { cadences } = config;
  const settings = config.queues.run_requests;
  const pairs = (job: string): readonly RequestQueues[] => parts.requests.get(job) ?? [];
  const pair = (job: string) => pairs(job)[0] ?? {};
  const standardOf = (job: string) => ({ standard: pairs(job)[0]!.standard });
  /** For a function that only its schedule asks: a queue for cadences below a minute, else none. */
  const beats = (name: string, everySeconds: number): Partial<RequestQueues> =>
    everySeconds >= 60
      ? {}
      : { standard: createWorkQueue(scope, `${name}-requests`, { fifo: false, settings, dead: dead.standard }) };

  behaviours.scheduled(
    'balance',
    { env: balance.balanceEnvSchema, resources: balance.resourcesSchema, settings: texts.balance },
    { everySeconds: cadences.balance, requests: pair('balance'), settings },
  );
  observersOf(config).forEach(({ id, httpUrl }, index) => {
    behaviours.scheduled(
      id,
      {
        code: 'observer',
        env: observer.observerEnvSchema,
        resources: observer.resourcesSchema,
        settings: texts.observer(id),
        use: { observerId: id, venueHttpUrl: httpUrl },
      },
      { everySeconds: cadences.observer, requests: pairs('observer')[index] ?? {}, settings },
    );
  });
  behaviours.scheduled(
    'market-data',
    { env: marketData.marketDataEnvSchema, resources: marketData.resourcesSchema, settings: texts['market-data'] },
    { everySeconds: cadences.market_data, requests: standardOf('market-data'), settings },
  );
  behaviours.scheduled(
    'run-supervisor',
    {
      env: runSupervisor.runSupervisorEnvSchema,
      resources: runSupervisor.resourcesSchema,
      settings: texts['run-supervisor'],
    },
    { everySeconds: cadences.run_supervisor, requests: standardOf('run-supervisor'), settings },
  );
  behaviours.scheduled(
    'order-tracker',
    {
      env: orderTracker.orderTrackerEnvSchema,
      resources: orderTracker.resourcesSchema,
      settings: texts['order-tracker'],
      options: { beginsTrace: true },
    },
    { everySeconds: cadences.order_tracker, requests: pair('order-tracker'), settings },
  );
  behaviours.scheduled(
    'janitor',
    { env: janitor.janitorEnvSchema, resources: janitor.resourcesSchema, settings: texts.janitor },
    { everySeconds: cadences.janitor, requests: beats('janitor', cadences.janitor), settings },
  );
  behaviours.scheduled(
    'reconciliation',
    {
      env: reconciliation.reconciliationEnvSchema,
      resources: reconciliation.resourcesSchema,
      settings: texts.reconciliation,
      // Its planner's lease would make a second one give up anyway.
      options: { reservedConcurrency: 1, beginsTrace: true },
    },
    {
      everySeconds: config.reconciliation_engine.rebalance_frequency,
      requests: pair('reconciliation'),
      settings,
    },
  );
}

function addConsumers({ behaviours, config, parts, streams }: FunctionsInput): void {
  const texts = environmentsOf(config);
  const { consumers } = config.streams;
  const { poisonBucket: poison, leavePoison } = parts.state;
  behaviours.consuming(
    'price-consumer',
    {
      env: priceConsumer.priceConsumerEnvSchema,
      resources: priceConsumer.resourcesSchema,
      settings: texts['price-consumer'],
    },
    { stream: streams.market, poison, leavePoison, settings: consumers.price_consumer },
  );
  behaviours.consuming(
    'run-strategies',
    {
      env: runStrategies.runStrategiesEnvSchema,
      resources: runStrategies.resourcesSchema,
      settings: texts['run-strategies'],
    },
    { stream: streams.market, poison, leavePoison, settings: consumers.run_strategies },
  );
  behaviours.consuming(
    'balance-consumer',
    {
      env: balanceConsumer.balanceConsumerEnvSchema,
      resources: balanceConsumer.resourcesSchema,
      settings: texts['balance-consumer'],
    },
    { stream: streams.account, poison, leavePoison, settings: consumers.balance_consumer },
  );
}

function addWorkers({ behaviours, config, parts, network }: FunctionsInput): void {
  const texts = environmentsOf(config);
  behaviours.working(
    'candle-fetcher',
    {
      env: candleFetcher.candleFetcherEnvSchema,
      resources: candleFetcher.resourcesSchema,
      settings: texts['candle-fetcher'],
    },
    { queue: parts.candleJobs, settings: config.queues.candle_jobs, maxWaitSeconds: 300 },
  );
  behaviours.working(
    'order-gateway',
    {
      env: orderGateway.orderGatewayEnvSchema,
      resources: orderGateway.resourcesSchema,
      settings: texts['order-gateway'],
      options: { beginsTrace: true, ...(network ? { network } : {}) },
    },
    {
      queue: parts.orders,
      settings: config.queues.orders,
      // Older commands have expired.
      maxWaitSeconds: config.reconciliation_engine.order_timeout,
      everyErrorMatters: true,
    },
  );
}
