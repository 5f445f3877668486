import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { createKinesisEventStream } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaVenue } from '#shared/adapters/aws/lambda-venue.ts';
import { createS3ObserverDocuments } from '#shared/adapters/aws/s3-observer-documents.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { quorumObserverIds } from '#shared/core/reconciliation/cycle-settings.ts';
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
const s3 = new S3Client(awsClientOptions('s3', process.env));
const documents = createS3ObserverDocuments({ client: s3, bucket: env.OBSERVER_BUCKET });
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
      reader: venue.accountReader,
      accounts: sqlAccountRepository(db),
      stream,
      orders: sqlOrdersRepository(db),
      observers: quorumObserverIds(env.QUORUM).map((id) => ({ id, documents })),
    },
    env,
  ),
  { before: venue.closeIdle, slots: jobs },
);
