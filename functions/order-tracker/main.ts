import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { lazyS3 } from '#shared/adapters/aws/lazy-s3.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { orderTrackerEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(orderTrackerEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, ids, random, telemetry, traceHeaderOf, remainingMs, serve } = startLambda(
  'order-tracker',
  env,
  process.env,
);
const databaseOf = openAurora({ variables: env, environment: process.env, clock, remainingMs });
const db = databaseOf(env.DATABASE_SECRET_ARN);
const stateDb = databaseOf(env.DATABASE_STATE_SECRET_ARN);
const venue = openLambdaVenue({ settings: env.VENUE, db, clock, telemetry, secrets: null });
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });
const s3 = lazyS3(process.env);
const marker = s3.installationMarker({ bucket: env.INSTALLATION_BUCKET, clusterArn: env.DATABASE_CLUSTER_ARN });
const installation = sqlInstallationRepository(db);
const jobs = sqlJobStateRepository(db, env.EXCHANGE);

export const handler = serve(
  createHandler(
    {
      clock,
      ids,
      telemetry,
      jobs,
      deadLetters: sqlDeadLetters(db, clock),
      orders: sqlOrdersRepository(db),
      reader: venue.accountReader,
      venueClock: venue.venueClock,
      accounts: sqlAccountRepository(db),
      instruments: sqlInstrumentsRepository(db),
      control: systemControl({ systemState: sqlSystemStateRepository(stateDb), installation, marker }),
      installation,
      orderQueue: queues.queue(env.ORDERS_QUEUE_URL),
      runRequests: queues.runRequests(env.RUN_REQUEST_QUEUES),
      alerts: sqlAlerts(db, clock),
    },
    env,
  ),
  { before: venue.closeIdle, slots: jobs },
);
