import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Config } from '#config/schema.ts';
import type { LambdaBehaviour } from './lambda-behaviour.ts';
import type { PlatformContext } from './platform-context.ts';

export type QueueSettings = Config['queues']['orders'];

/** Where messages end that were received too often; a FIFO queue needs a FIFO one. */
export interface DeadQueues {
  readonly standard: sqs.Queue;
  readonly fifo: sqs.Queue;
}

const encrypted = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true } as const;

export const createDeadQueues = (scope: Construct, name: string): DeadQueues => ({
  standard: new sqs.Queue(scope, `${name}Dead`, { ...encrypted, retentionPeriod: Duration.days(14) }),
  fifo: new sqs.Queue(scope, `${name}DeadFifo`, { ...encrypted, fifo: true, retentionPeriod: Duration.days(14) }),
});

/** A work queue that gives up into `dead` after its settings' number of deliveries. */
export const createWorkQueue = (
  scope: Construct,
  id: string,
  props: {
    readonly fifo: boolean;
    readonly settings: QueueSettings;
    readonly dead: sqs.Queue;
    readonly retention?: Duration;
  },
): sqs.Queue =>
  new sqs.Queue(scope, id, {
    ...encrypted,
    ...(props.fifo
      ? {
          fifo: true,
          deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
          fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        }
      : {}),
    visibilityTimeout: Duration.seconds(props.settings.visibility_s),
    retentionPeriod: props.retention ?? Duration.days(4),
    deadLetterQueue: { queue: props.dead, maxReceiveCount: props.settings.max_receives },
  });

/** What Lambda's poller needs of the function's role to work off queues. */
export const queueStatements = (queues: readonly sqs.IQueue[]): iam.PolicyStatement[] =>
  queues.length === 0
    ? []
    : [
        new iam.PolicyStatement({
          actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: queues.map((queue) => queue.queueArn),
        }),
      ];

/** Hands a queue's messages to a function; those that it names as failed come again, the others are done. */
export const addQueueSource = (
  target: LambdaBehaviour,
  context: PlatformContext,
  id: string,
  props: { readonly queue: sqs.IQueue; readonly settings: QueueSettings },
): EventSourceMapping =>
  new EventSourceMapping(target, id, {
    target: target.function,
    eventSourceArn: props.queue.queueArn,
    enabled: context.entriesOpen,
    batchSize: props.settings.batch_size,
    maxConcurrency: props.settings.concurrency,
    reportBatchItemFailures: true,
  });
