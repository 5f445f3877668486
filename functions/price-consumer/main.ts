import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { priceConsumerEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(priceConsumerEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, telemetry, remainingMs, serve } = startLambda('price-consumer', env, process.env);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      prices: sqlPricesRepository(db),
      jobsOf: (exchange) => sqlJobStateRepository(db, exchange),
      alerts: sqlAlerts(db, clock),
    },
    {},
  ),
);
