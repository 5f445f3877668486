import { randomBytes } from 'node:crypto';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ResourceInUseException,
} from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { PRODUCER_JOB, requestedJobs } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import type { RunRequestQueues } from '#shared/messages/aws-resources.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { DATABASE_ROLES, type DatabaseRole, resourceNames } from './resource-names.ts';

export interface AwsClients {
  readonly kinesis: Pick<KinesisClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly s3: Pick<S3Client, 'send'>;
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
}

/** What goes into secrets and is not made up here. */
export interface KnownSecrets {
  /** Who owns the schema: `migrate` signs in as him. */
  readonly databaseOwner: { readonly username: string; readonly password: string };
  /** By their names in the settings. */
  readonly tradingKeys: Readonly<Record<string, string>>;
}

/** Addresses of what a stage has. */
export interface StageResources {
  readonly marketStream: string;
  readonly accountStream: string;
  readonly ordersQueueUrl: string;
  readonly candleJobsQueueUrl: string;
  readonly runRequestQueues: RunRequestQueues;
  readonly observerBucket: string;
  readonly poisonBucket: string;
  readonly databaseSecrets: Readonly<Record<DatabaseRole, string>>;
  readonly tradingSecret: string;
}

type QueueSettings = Config['queues']['orders'];

const STREAM_TRIES = 60;
const STREAM_WAIT_MS = 500;

/**
 * Makes everything that the stacks would make of streams, queues, buckets and secrets, and finds what is there already: it may run at
 * every start. An emulator without CloudFormation for all of it, or without Aurora and Lambda, can then carry the platform.
 */
export async function provision(
  clients: AwsClients,
  config: Config,
  { databaseOwner, tradingKeys }: KnownSecrets,
  clock: Pick<Clock, 'sleep'>,
): Promise<StageResources> {
  const names = resourceNames(config.stage);
  for (const name of [names.marketStream, names.accountStream])
    await ensureStream(clients.kinesis, name, config, clock);
  for (const name of [names.observerBucket, names.poisonBucket]) await ensureBucket(clients.s3, name);
  const { sqs } = clients;
  const dead = await arnOf(sqs, await ensureQueue(sqs, names.deadQueue, {}));
  const deadFifo = await arnOf(sqs, await ensureQueue(sqs, `${names.deadQueue}.fifo`, {}));
  const workQueue = (name: string, settings: QueueSettings) =>
    ensureQueue(sqs, name, {
      VisibilityTimeout: String(settings.visibility_s),
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: name.endsWith('.fifo') ? deadFifo : dead,
        maxReceiveCount: settings.max_receives,
      }),
    });
  // Nothing brings a message to the producer: it reads the symbols by itself.
  const runRequestQueues: RunRequestQueues = { [PRODUCER_JOB]: [] };
  for (const { job, functionNames } of requestedJobs(config)) {
    runRequestQueues[job] = [];
    for (const name of functionNames) {
      const queue = names.requestQueue(name);
      runRequestQueues[job].push({
        standard: await workQueue(queue, config.queues.run_requests),
        fifo: await workQueue(`${queue}.fifo`, config.queues.run_requests),
      });
    }
  }
  const databaseSecrets = {} as Record<DatabaseRole, string>;
  for (const role of DATABASE_ROLES) {
    const owner = role === 'migrate';
    // Made up once: `migrate` gives the users the passwords that stand here.
    const login = () =>
      owner ? databaseOwner : { username: `threet_${role}`, password: randomBytes(16).toString('hex') };
    databaseSecrets[role] = await ensureSecret(clients.secrets, names.databaseSecret(role), login, owner);
  }
  return {
    marketStream: names.marketStream,
    accountStream: names.accountStream,
    ordersQueueUrl: await workQueue(names.ordersQueue, config.queues.orders),
    candleJobsQueueUrl: await workQueue(names.candleJobsQueue, config.queues.candle_jobs),
    runRequestQueues,
    observerBucket: names.observerBucket,
    poisonBucket: names.poisonBucket,
    databaseSecrets,
    tradingSecret: await ensureSecret(clients.secrets, names.tradingSecret, () => tradingKeys, true),
  };
}

async function ensureStream(
  client: AwsClients['kinesis'],
  name: string,
  { aws }: Config,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  try {
    const mode = { StreamModeDetails: { StreamMode: 'PROVISIONED' } } as const;
    await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: aws.shards, ...mode }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  for (let tries = 1; tries <= STREAM_TRIES; tries += 1) {
    const { StreamDescriptionSummary: stream } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: name }),
    );
    if (stream?.StreamStatus === 'ACTIVE') return;
    await clock.sleep(STREAM_WAIT_MS);
  }
  throw new Error(`the stream ${name} did not become active`);
}

async function ensureBucket(client: AwsClients['s3'], name: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }));
  } catch {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  }
}

/** The URL; SQS answers with that of a queue of the same name and attributes. */
async function ensureQueue(
  client: AwsClients['sqs'],
  name: string,
  attributes: Readonly<Record<string, string>>,
): Promise<string> {
  const fifo = name.endsWith('.fifo')
    ? { FifoQueue: 'true', DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }
    : {};
  const { QueueUrl: url } = await client.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { ...fifo, ...attributes } }),
  );
  if (url === undefined) throw new Error(`no URL for the queue ${name}`);
  return url;
}

async function arnOf(client: AwsClients['sqs'], url: string): Promise<string> {
  const { Attributes: attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  const arn = attributes?.QueueArn;
  if (arn === undefined) throw new Error(`no ARN for the queue ${url}`);
  return arn;
}

/** The ARN. `overwrite` brings an existing secret up to date. */
async function ensureSecret(
  client: AwsClients['secrets'],
  name: string,
  value: () => unknown,
  overwrite: boolean,
): Promise<string> {
  try {
    const { ARN: arn } = await client.send(new DescribeSecretCommand({ SecretId: name }));
    if (overwrite)
      await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: JSON.stringify(value()) }));
    return arn!;
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
  const created = await client.send(new CreateSecretCommand({ Name: name, SecretString: JSON.stringify(value()) }));
  return created.ARN!;
}
