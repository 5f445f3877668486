import { functionEnvironments, observersOf } from '#config/function-environments.ts';
import type { Config } from '#config/schema.ts';
import { type VenueAddresses, venueSettings } from '#config/venue-settings.ts';
import { exchangesOf } from '#config/venues.ts';
import { resourcesSchema as api } from '#functions/api/env.ts';
import { resourcesSchema as balance } from '#functions/balance/env.ts';
import { resourcesSchema as balanceConsumer } from '#functions/balance-consumer/env.ts';
import { resourcesSchema as candleFetcher } from '#functions/candle-fetcher/env.ts';
import { resourcesSchema as janitor } from '#functions/janitor/env.ts';
import { resourcesSchema as marketData } from '#functions/market-data/env.ts';
import { resourcesSchema as migrate } from '#functions/migrate/env.ts';
import { resourcesSchema as observer } from '#functions/observer/env.ts';
import { resourcesSchema as orderGateway } from '#functions/order-gateway/env.ts';
import { resourcesSchema as orderTracker } from '#functions/order-tracker/env.ts';
import { resourcesSchema as priceConsumer } from '#functions/price-consumer/env.ts';
import { resourcesSchema as reconciliation } from '#functions/reconciliation/env.ts';
import { resourcesSchema as runStrategies } from '#functions/run-strategies/env.ts';
import { resourcesSchema as runSupervisor } from '#functions/run-supervisor/env.ts';
import type { StageResources } from './provision.ts';
import { clusterArn, DATABASE_NAME } from './resource-names.ts';

/** A function as it is deployed: its folder below functions/ and its variables, no more than its `env.ts` asks for. */
export interface DeployedFunction {
  readonly name: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface DeploymentInput {
  readonly config: Config;
  readonly resources: StageResources;
  readonly venue: VenueAddresses;
  readonly region: string;
  readonly account: string;
}

interface Schema {
  readonly shape: Readonly<Record<string, unknown>>;
}

/** Every function of the platform with the environment that the services stack would give it. */
export function deployedFunctions(input: DeploymentInput): readonly DeployedFunction[] {
  const { config } = input;
  const [exchange] = exchangesOf(config);
  const texts = functionEnvironments(
    {
      config,
      holder: `runner-${config.stage}`,
      seed: Number(config.providence.seed) || 1,
      overlapping: false,
    },
    exchange,
  );
  const values = resourceValues(input);
  const make = (
    name: string,
    schema: Schema,
    settings: Readonly<Record<string, string>>,
    over: Readonly<Record<string, string>> = {},
    folder = name,
  ): DeployedFunction => {
    const asked = Object.keys(schema.shape).map((key) => {
      const value = over[key] ?? values[key];
      if (value === undefined) throw new Error(`${name} asks for ${key}, which nobody provides`);
      return [key, value] as const;
    });
    return { name, folder, environment: { ...settings, ...Object.fromEntries(asked) } };
  };
  return [
    make('api', api, { ...texts.api, MAX_EVENT_CLIENTS: '0' }),
    make('balance', balance, texts.balance),
    make('balance-consumer', balanceConsumer, texts['balance-consumer']),
    make('candle-fetcher', candleFetcher, texts['candle-fetcher']),
    make('janitor', janitor, texts.janitor),
    make('market-data', marketData, texts['market-data']),
    make('migrate', migrate, texts.migrate, { DATABASE_SECRET_ARN: input.resources.databaseSecrets.migrate }),
    ...observersOf(config, exchange).map(({ id, httpUrl }) =>
      make(id, observer, texts.observer(id), { VENUE: venueText(input, httpUrl) }, 'observer'),
    ),
    make('order-gateway', orderGateway, texts['order-gateway']),
    make('order-tracker', orderTracker, texts['order-tracker']),
    make('price-consumer', priceConsumer, texts['price-consumer']),
    make('reconciliation', reconciliation, texts.reconciliation),
    make('run-strategies', runStrategies, texts['run-strategies']),
    make('run-supervisor', runSupervisor, texts['run-supervisor']),
  ];
}

const venueText = ({ config, venue }: DeploymentInput, httpUrl: string | null): string =>
  JSON.stringify(venueSettings(config, exchangesOf(config)[0], { ...venue, httpUrl: httpUrl ?? venue.httpUrl }));

/** Every variable of shared/messages/aws-resources.ts. */
function resourceValues(input: DeploymentInput): Readonly<Record<string, string>> {
  const { config, resources, region, account } = input;
  const { databaseSecrets: secrets } = resources;
  return {
    STAGE: config.stage,
    LOG_LEVEL: config.telemetry.log_level,
    DATABASE_CLUSTER_ARN: clusterArn(region, account, config.stage),
    DATABASE_SECRET_ARN: secrets.app,
    DATABASE_NAME,
    DATABASE_STATE_SECRET_ARN: secrets.state,
    DATABASE_READER_SECRET_ARN: secrets.reader,
    DATABASE_USER_SECRETS: JSON.stringify({ app: secrets.app, reader: secrets.reader, state: secrets.state }),
    INSTALLATION_BUCKET: resources.observerBucket,
    MARKET_STREAM: resources.marketStream,
    ACCOUNT_STREAM: resources.accountStream,
    ORDERS_QUEUE_URL: resources.ordersQueueUrl,
    CANDLE_JOBS_QUEUE_URL: resources.candleJobsQueueUrl,
    RUN_REQUEST_QUEUES: JSON.stringify(resources.runRequestQueues),
    OBSERVER_BUCKET: resources.observerBucket,
    VENUE: venueText(input, null),
    TRADING_SECRET_ARN: resources.tradingSecret,
  };
}
