import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { openLambdaQueues } from '#shared/adapters/aws/lambda-queues.ts';
import { lazyS3 } from '#shared/adapters/aws/lazy-s3.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlReadModel } from '#shared/adapters/sql/read-model.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlReconciliationRepository } from '#shared/adapters/sql/repositories/reconciliation-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { quorumObserverIds } from '#shared/core/reconciliation/cycle-settings.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { apiEnvSchema, manualOrdersEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';
import { manualOrders } from './manual-orders.ts';

const schema = apiEnvSchema.extend(manualOrdersEnvSchema.shape).extend(resourcesSchema.shape);
const env = readEnvironment(schema, process.env);
const { clock, ids, random, telemetry, traceHeaderOf, remainingMs, serve } = startLambda('api', env, process.env);
const databaseOf = openAurora({ variables: env, environment: process.env, clock, remainingMs });
const db = databaseOf(env.DATABASE_SECRET_ARN);
const stateDb = databaseOf(env.DATABASE_STATE_SECRET_ARN);
const readerDb = databaseOf(env.DATABASE_READER_SECRET_ARN);
const queues = openLambdaQueues({ environment: process.env, clock, random, telemetry, traceHeaderOf });
// Unlocking, orders by hand and a neighbour's look need it; the page and most commands never do.
const s3 = lazyS3(process.env);
const documents = s3.observerDocuments(env.OBSERVER_BUCKET);
const marker = s3.installationMarker({ bucket: env.INSTALLATION_BUCKET, clusterArn: env.DATABASE_CLUSTER_ARN });
const installation = sqlInstallationRepository(db);
const systemState = sqlSystemStateRepository(stateDb);
const orders = sqlOrdersRepository(db);
const accounts = sqlAccountRepository(db);

export const handler = serve(
  createHandler(
    {
      clock,
      wallClock: clock,
      ids,
      telemetry,
      readModel: sqlReadModel(readerDb),
      systemState,
      control: systemControl({ systemState, installation, marker }),
      instruments: sqlInstrumentsRepository(db),
      orders,
      accounts,
      runs: new SqlRunsRepository(db),
      alerts: sqlAlerts(db, clock),
      observers: documents,
      runRequests: queues.runRequests(env.RUN_REQUEST_QUEUES),
      submitManualOrder: manualOrders(
        {
          orders,
          reconciliation: sqlReconciliationRepository(db),
          accounts,
          installation,
          observers: quorumObserverIds(env.QUORUM).map((id) => ({ id, documents })),
          queue: queues.queue(env.ORDERS_QUEUE_URL),
          clock,
          ids,
          telemetry,
        },
        env,
      ),
      // Every caller has passed IAM.
      token: null,
      allowedHosts: null,
      processMetrics: null,
    },
    env,
  ),
);
