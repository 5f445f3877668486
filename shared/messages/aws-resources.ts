import * as z from 'zod';
import { jsonSection } from './json-section.ts';
import { venueSettingsSchema } from './venue-settings.ts';

/**
 * What a process on AWS is told of its surroundings, one piece per resource. Each `env.ts` puts its own `resourcesSchema` together
 * from the pieces that the function needs and no others: the infrastructure grants by the same list.
 */

const arn = z.string().regex(/^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.{1,400}$/, 'expected an ARN');
/** By its ARN; an emulator may give a secret's name where AWS gives the ARN. */
const secretId = z.union([arn, z.string().regex(/^3t\/[a-z0-9-]{1,32}\/[a-zA-Z0-9_./-]{1,200}$/)], {
  error: 'expected the ARN of a secret',
});
const resourceName = z.string().min(1).max(255);
const queueUrl = z.url({ protocol: /^https?$/ }).max(1024);

/** Of every process. */
export const processResources = {
  STAGE: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
};

/** The database through the Data API, as the user whose secret is named. */
export const databaseResources = {
  DATABASE_CLUSTER_ARN: arn,
  DATABASE_SECRET_ARN: secretId,
  DATABASE_NAME: resourceName,
};

/** The user that alone writes `system_state`: for those that change the state. */
export const stateDatabaseResources = {
  DATABASE_STATE_SECRET_ARN: secretId,
  /** Holds the mark of this installation, outside the database (object `installation.json`). */
  INSTALLATION_BUCKET: resourceName,
};

/** The user that can only read: what the page and the CLI ask. */
export const readerDatabaseResources = { DATABASE_READER_SECRET_ARN: secretId };

/** Names of database users and their secrets, for `migrate`, which makes them. */
export const databaseUserResources = {
  DATABASE_USER_SECRETS: jsonSection(z.strictObject({ app: secretId, reader: secretId, state: secretId })),
};

export const marketStreamResources = { MARKET_STREAM: resourceName };
export const accountStreamResources = { ACCOUNT_STREAM: resourceName };
/** FIFO, one group per exchange:account. */
export const orderQueueResources = { ORDERS_QUEUE_URL: queueUrl };
export const candleJobsQueueResources = { CANDLE_JOBS_QUEUE_URL: queueUrl };

/** For each job the queues of the functions that do it: `{"reconciliation":[{"standard":url,"fifo":url}]}`. */
export const runRequestQueuesSchema = z.record(
  z.string().min(1).max(64),
  z.array(z.object({ standard: queueUrl, fifo: queueUrl })).max(20),
);
export type RunRequestQueues = z.infer<typeof runRequestQueuesSchema>;
export const runRequestResources = { RUN_REQUEST_QUEUES: jsonSection(runRequestQueuesSchema) };

/** Documents of the observers: they write, the quorum reads. */
export const observerBucketResources = { OBSERVER_BUCKET: resourceName };

/** A venue without a key. */
export const venueResources = { VENUE: jsonSection(venueSettingsSchema) };
/** The trading keys by name, `{"<name>": "<key>"}`: for the order gateway alone. */
export const tradingSecretResources = { TRADING_SECRET_ARN: secretId };
