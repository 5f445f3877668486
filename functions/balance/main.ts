import { KinesisClient } from '@aws-sdk/client-kinesis';
import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { createKinesisEventStream } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { balanceEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(balanceEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, ids, random, telemetry, remainingMs, serve } = startLambda('balance', env, process.env);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const venue = openLambdaVenue({ settings: env.VENUE, db, clock, telemetry, secrets: null });
const stream = createKinesisEventStream({
  client: new KinesisClient(awsClientOptions('kinesis', process.env)),
  streamName: env.ACCOUNT_STREAM,
  clock,
  random,
  telemetry,
});
const jobs = sqlJobStateRepository(db);

export const handler = serve(
  createHandler(
    {
      clock,
      ids,
      telemetry,
      jobs,
      alerts: sqlAlerts(db, clock),
      deadLetters: sqlDeadLetters(db, clock),
      reader: venue.accountReader,
      accounts: sqlAccountRepository(db),
      stream,
    },
    env,
  ),
  { before: venue.closeIdle, slots: jobs },
);
