import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { resourcesSchema, runStrategiesEnvSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(runStrategiesEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, random, telemetry, traceHeaderOf, remainingMs, serve } = startLambda('run-strategies', env, process.env);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      runs: new SqlRunsRepository(db),
      candles: sqlCandlesRepository(db),
      requests: queues.runRequests(env.RUN_REQUEST_QUEUES),
    },
    env,
  ),
);
