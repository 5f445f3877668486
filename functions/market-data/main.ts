import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { marketDataEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(marketDataEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, ids, random, telemetry, traceHeaderOf, remainingMs, serve } = startLambda(
  'market-data',
  env,
  process.env,
);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const venue = openLambdaVenue({ settings: env.VENUE, db, clock, telemetry, secrets: null });
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });
const jobs = sqlJobStateRepository(db, env.EXCHANGE);

export const handler = serve(
  createHandler(
    {
      clock,
      ids,
      telemetry,
      jobs,
      alerts: sqlAlerts(db, clock),
      deadLetters: sqlDeadLetters(db, clock),
      fetchStates: sqlFetchStateRepository(db),
      runs: new SqlRunsRepository(db),
      candleJobs: queues.queue(env.CANDLE_JOBS_QUEUE_URL),
      instruments: sqlInstrumentsRepository(db),
      market: venue.marketData,
      prices: sqlPricesRepository(db),
      candles: sqlCandlesRepository(db),
    },
    env,
  ),
  { before: venue.closeIdle, slots: jobs },
);
