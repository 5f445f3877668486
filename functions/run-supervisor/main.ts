import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { readLiveRuns } from '#shared/adapters/sql/read-model/read-live-runs.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { resourcesSchema, runSupervisorEnvSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(runSupervisorEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, telemetry, remainingMs, serve } = startLambda('run-supervisor', env, process.env);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const jobs = sqlJobStateRepository(db, env.EXCHANGE);

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      jobs,
      alerts: sqlAlerts(db, clock),
      runs: new SqlRunsRepository(db),
      candles: sqlCandlesRepository(db),
      instruments: sqlInstrumentsRepository(db),
      liveRuns: () => readLiveRuns(db, env.EXCHANGE),
    },
    env,
  ),
  { slots: jobs },
);
