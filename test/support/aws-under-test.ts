import { randomUUID } from 'node:crypto';
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';

const environment = inject('awsEnvironment') ?? null;
/** False where no AWS and no emulator can be had: the tests are skipped. */
export const hasAws = environment !== null;
/** True anywhere but on AWS itself: emulators know former limits, and not every attribute. */
export const isEmulator = environment?.AWS_ENDPOINT_URL !== undefined;
const at = environment ?? {};

// An emulator takes any credentials; for AWS itself the SDK finds those of the environment.
const credentials = at.AWS_ACCESS_KEY_ID
  ? { credentials: { accessKeyId: at.AWS_ACCESS_KEY_ID, secretAccessKey: at.AWS_SECRET_ACCESS_KEY ?? '' } }
  : {};
export const kinesis = new KinesisClient({ ...awsClientOptions('kinesis', at), ...credentials });
export const sqs = new SQSClient({
  ...awsClientOptions('sqs', at, { requestTimeoutMs: 10_000 }),
  ...credentials,
});
export const s3 = new S3Client({ ...awsClientOptions('s3', at), ...credentials });
export const secretsManager = new SecretsManagerClient({ ...awsClientOptions('secrets_manager', at), ...credentials });

const WAIT_MAX_S = 120;
const cleanups: (() => Promise<unknown>)[] = [];

/** Removes what the file's tests made; what cannot be removed does not fail them. */
export async function removeAwsResources(): Promise<void> {
  await Promise.allSettled(cleanups.splice(0).map((remove) => remove()));
}

const newName = (): string => `3t-test-${randomUUID().slice(0, 13)}`;

/** Two shards, so that order is known per key only. */
export async function newStream() {
  const StreamName = newName();
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }));
  cleanups.push(() => kinesis.send(new DeleteStreamCommand({ StreamName })));
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: WAIT_MAX_S, minDelay: 1, maxDelay: 5 }, { StreamName });
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const seen: StreamRecord[] = [];
  const iterators = await Promise.all(
    Shards.map(async ({ ShardId }) => {
      const from = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
      return (await kinesis.send(new GetShardIteratorCommand(from))).ShardIterator;
    }),
  );

  const readOn = async (): Promise<void> => {
    for (const [index, ShardIterator] of iterators.entries()) {
      const { Records = [], NextShardIterator } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      iterators[index] = NextShardIterator;
      for (const { PartitionKey = '', Data } of Records) {
        seen.push({ partitionKey: PartitionKey, data: Buffer.from(Data ?? []).toString('utf8') });
      }
    }
  };
  const delivered = async (prefix: string, count: number): Promise<readonly StreamRecord[]> => {
    const deadlineMs = systemClock.nowMs() + WAIT_MAX_S * 1_000;
    for (;;) {
      const found = seen.filter((record) => record.partitionKey.startsWith(prefix));
      if (found.length >= count || systemClock.nowMs() > deadlineMs) return found;
      await readOn();
      await systemClock.sleep(50);
    }
  };
  return { streamName: StreamName, delivered };
}

export async function newQueue(fifo: boolean) {
  const QueueName = `${newName()}${fifo ? '.fifo' : ''}`;
  const Attributes = fifo ? { FifoQueue: 'true' } : {};
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  cleanups.push(() => sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl })));
  const seen: Message[] = [];

  const receive = async (WaitTimeSeconds: number): Promise<number> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    seen.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return Messages.length;
  };
  /** Until there are so many, and once more: what should not come would come then. */
  const received = async (count: number): Promise<readonly Message[]> => {
    const deadlineMs = systemClock.nowMs() + WAIT_MAX_S * 1_000;
    while (seen.length < count && systemClock.nowMs() < deadlineMs) await receive(1);
    await receive(0);
    return seen;
  };
  return { queueUrl, received };
}

export const region = at.AWS_REGION;
/** For a process of its own. */
export const awsEnvironment = at;

export async function newBucket(Bucket = newName()): Promise<string> {
  // The oldest region is the one that must not be named.
  const place = region && region !== 'us-east-1' ? { LocationConstraint: region as 'ap-northeast-1' } : null;
  await s3.send(new CreateBucketCommand({ Bucket, ...(place ? { CreateBucketConfiguration: place } : {}) }));
  cleanups.push(async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });
  return Bucket;
}

/** ARN of a secret that holds this text. */
export async function newSecret(SecretString: string): Promise<string> {
  const { ARN = '' } = await secretsManager.send(new CreateSecretCommand({ Name: newName(), SecretString }));
  cleanups.push(() =>
    secretsManager.send(new DeleteSecretCommand({ SecretId: ARN, ForceDeleteWithoutRecovery: true })),
  );
  return ARN;
}
