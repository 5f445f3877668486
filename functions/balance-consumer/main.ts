import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { balanceConsumerEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(balanceConsumerEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, random, telemetry, traceHeaderOf, remainingMs, serve } = startLambda(
  'balance-consumer',
  env,
  process.env,
);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      accounts: sqlAccountRepository(db),
      runs: new SqlRunsRepository(db),
      runRequests: queues.runRequests(env.RUN_REQUEST_QUEUES),
      alerts: sqlAlerts(db, clock),
    },
    env,
  ),
);
