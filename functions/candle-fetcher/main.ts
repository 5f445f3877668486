import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { candleFetcherEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(candleFetcherEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, telemetry, remainingMs, serve } = startLambda('candle-fetcher', env, process.env);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const venue = openLambdaVenue({ settings: env.VENUE, db, clock, telemetry, secrets: null });

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      market: venue.marketData,
      candles: sqlCandlesRepository(db),
      fetchStates: sqlFetchStateRepository(db),
      deadLetters: sqlDeadLetters(db, clock),
      alerts: sqlAlerts(db, clock),
    },
    env,
  ),
  { before: venue.closeIdle },
);
