import { S3Client } from '@aws-sdk/client-s3';
import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { createS3ObserverDocuments } from '#shared/adapters/aws/s3-observer-documents.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlReconciliationRepository } from '#shared/adapters/sql/repositories/reconciliation-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { quorumObserverIds } from '#shared/core/reconciliation/cycle-settings.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { reconciliationEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(reconciliationEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, ids, random, telemetry, traceHeaderOf, remainingMs, serve } = startLambda(
  'reconciliation',
  env,
  process.env,
);
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs })(env.DATABASE_SECRET_ARN);
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });
const s3 = new S3Client(awsClientOptions('s3', process.env));
const documents = createS3ObserverDocuments({ client: s3, bucket: env.OBSERVER_BUCKET });
const quorumObservers = quorumObserverIds(env.QUORUM).map((id) => ({ id, documents }));
const runRequests = queues.runRequests(env.RUN_REQUEST_QUEUES);
const jobs = sqlJobStateRepository(db, env.EXCHANGE);

export const handler = serve(
  createHandler(
    {
      clock,
      ids,
      telemetry,
      jobs,
      reconciliation: sqlReconciliationRepository(db),
      accounts: sqlAccountRepository(db),
      instruments: sqlInstrumentsRepository(db),
      runs: new SqlRunsRepository(db),
      systemState: sqlSystemStateRepository(db),
      leases: sqlLeasesRepository(db),
      observers: quorumObservers,
      orders: sqlOrdersRepository(db),
      orderQueue: queues.queue(env.ORDERS_QUEUE_URL),
      runRequests,
      delayedRequests: runRequests,
      alerts: sqlAlerts(db, clock),
      installation: sqlInstallationRepository(db),
    },
    env,
  ),
  { slots: jobs },
);
