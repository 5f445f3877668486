import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { createSecretsManagerSecrets } from '#shared/adapters/aws/secrets-manager.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlOrderFactsReader } from '#shared/adapters/sql/order-facts-reader.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { orderGatewayEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(orderGatewayEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, random, telemetry, traceHeaderOf, hideSecret, remainingMs, serve } = startLambda(
  'order-gateway',
  env,
  process.env,
);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });
const secretArn = env.TRADING_SECRET_ARN;
const secrets =
  secretArn === undefined
    ? null
    : createSecretsManagerSecrets({
        client: new SecretsManagerClient(awsClientOptions('secrets_manager', process.env)),
        secretArn,
        clock,
        onRead: hideSecret,
      });
const venue = openLambdaVenue({ settings: env.VENUE, db, clock, telemetry, secrets });
const { orderVenue } = venue;
if (!orderVenue) throw new Error('the order gateway needs a venue with a trading key');
const leverage = { maxLeverage: env.LIMITS.max_leverage, hip3Leverage: env.HIP3_LEVERAGE };

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      orders: sqlOrdersRepository(db),
      facts: sqlOrderFactsReader(db, leverage, env.SNAPSHOT_MAX_AGE_S * 1000),
      systemState: sqlSystemStateRepository(db),
      leases: sqlLeasesRepository(db),
      venue: orderVenue,
      runRequests: queues.runRequests(env.RUN_REQUEST_QUEUES),
      jobs: sqlJobStateRepository(db, env.EXCHANGE),
      alerts: sqlAlerts(db, clock),
      deadLetters: sqlDeadLetters(db, clock),
    },
    env,
  ),
  { before: venue.closeIdle },
);
