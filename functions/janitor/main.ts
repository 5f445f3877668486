import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { lazyS3 } from '#shared/adapters/aws/lazy-s3.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlStoredTimesRepository } from '#shared/adapters/sql/repositories/stored-times-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { janitorEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(janitorEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, ids, telemetry, remainingMs, serve } = startLambda('janitor', env, process.env);
const databaseOf = openAurora({ variables: env, environment: process.env, clock, remainingMs });
const db = databaseOf(env.DATABASE_SECRET_ARN);
const stateDb = databaseOf(env.DATABASE_STATE_SECRET_ARN);
const venue = openLambdaVenue({ settings: env.VENUE, db, clock, telemetry, secrets: null });
const s3 = lazyS3(process.env);
const marker = s3.installationMarker({ bucket: env.INSTALLATION_BUCKET, clusterArn: env.DATABASE_CLUSTER_ARN });
const jobs = sqlJobStateRepository(db, env.EXCHANGE);

export const handler = serve(
  createHandler(
    {
      clock,
      ids,
      telemetry,
      jobs,
      deadLetters: sqlDeadLetters(db, clock),
      systemState: sqlSystemStateRepository(stateDb),
      installation: sqlInstallationRepository(db),
      marker,
      reader: venue.accountReader,
      alerts: sqlAlerts(db, clock),
      marketData: venue.marketData,
      instruments: sqlInstrumentsRepository(db),
      orders: sqlOrdersRepository(db),
      accounts: sqlAccountRepository(db),
      observers: s3.observerDocuments(env.OBSERVER_BUCKET),
      exchangeHealth: { check: () => venue.checkHealth() },
      venueClock: venue.venueClock,
      correction: null,
      storedTimes: sqlStoredTimesRepository(db),
    },
    env,
  ),
  { before: venue.closeIdle, slots: jobs },
);
