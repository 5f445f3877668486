import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { functionEnvironments, observersOf } from '#config/function-environments.ts';
import { everySecondsOf, type ScheduledFolder, streamConsumers } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import { exchangesOf } from '#config/venues.ts';
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
import type { PlatformParts } from '../constructs/platform-resources.ts';
import { createWorkQueue, type DeadQueues } from '../constructs/queue-source.ts';

/** The variables of every function that come from the settings, as on any platform. */
export const environmentsOf = (config: Config) =>
  functionEnvironments(
    {
      config,
      // One writer per deployment: the FIFO group lets only one of its invocations run.
      holder: `aws-${config.stage}`,
      seed: Number(config.providence.seed) || 1,
      overlapping: true,
    },
    exchangesOf(config)[0],
  );

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
  const { run_requests: settings } = config.queues;
  /** What starts it: its cadence, and the queues by which it is asked out of turn, or at a cadence below a minute. */
  const sourceOf = (folder: ScheduledFolder, index = 0) => {
    const everySeconds = everySecondsOf(folder, config);
    const asked = parts.requests.get(folder)?.[index];
    if (asked)
      return { everySeconds, settings, requests: asked.fifo === asked.standard ? { standard: asked.standard } : asked };
    const queue = { fifo: false, settings, dead: dead.standard };
    const requests = everySeconds >= 60 ? {} : { standard: createWorkQueue(scope, `${folder}-requests`, queue) };
    return { everySeconds, settings, requests };
  };

  behaviours.scheduled(
    'balance',
    { env: balance.balanceEnvSchema, resources: balance.resourcesSchema, settings: texts.balance },
    sourceOf('balance'),
  );
  observersOf(config, exchangesOf(config)[0]).forEach(({ id, httpUrl }, index) => {
    behaviours.scheduled(
      id,
      {
        code: 'observer',
        env: observer.observerEnvSchema,
        resources: observer.resourcesSchema,
        settings: texts.observer(id),
        use: { observerId: id, venueHttpUrl: httpUrl },
      },
      sourceOf('observer', index),
    );
  });
  behaviours.scheduled(
    'market-data',
    { env: marketData.marketDataEnvSchema, resources: marketData.resourcesSchema, settings: texts['market-data'] },
    sourceOf('market-data'),
  );
  behaviours.scheduled(
    'run-supervisor',
    {
      env: runSupervisor.runSupervisorEnvSchema,
      resources: runSupervisor.resourcesSchema,
      settings: texts['run-supervisor'],
    },
    sourceOf('run-supervisor'),
  );
  behaviours.scheduled(
    'order-tracker',
    {
      env: orderTracker.orderTrackerEnvSchema,
      resources: orderTracker.resourcesSchema,
      settings: texts['order-tracker'],
      options: { beginsTrace: true },
    },
    sourceOf('order-tracker'),
  );
  behaviours.scheduled(
    'janitor',
    { env: janitor.janitorEnvSchema, resources: janitor.resourcesSchema, settings: texts.janitor },
    sourceOf('janitor'),
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
    sourceOf('reconciliation'),
  );
}

function addConsumers({ behaviours, config, parts, streams }: FunctionsInput): void {
  const texts = environmentsOf(config);
  const { poisonBucket: poison, leavePoison } = parts.state;
  const sources = new Map(
    streamConsumers(config).map(
      ({ name, stream, settings }) => [name, { stream: streams[stream], poison, leavePoison, settings }] as const,
    ),
  );
  behaviours.consuming(
    'price-consumer',
    {
      env: priceConsumer.priceConsumerEnvSchema,
      resources: priceConsumer.resourcesSchema,
      settings: texts['price-consumer'],
    },
    sources.get('price-consumer')!,
  );
  behaviours.consuming(
    'run-strategies',
    {
      env: runStrategies.runStrategiesEnvSchema,
      resources: runStrategies.resourcesSchema,
      settings: texts['run-strategies'],
    },
    sources.get('run-strategies')!,
  );
  behaviours.consuming(
    'balance-consumer',
    {
      env: balanceConsumer.balanceConsumerEnvSchema,
      resources: balanceConsumer.resourcesSchema,
      settings: texts['balance-consumer'],
    },
    sources.get('balance-consumer')!,
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
