import { SQSClient } from '@aws-sdk/client-sqs';
import type { WorkQueue } from '#shared/ports/work-queue.ts';
import { type AwsEnvironment, awsClientOptions } from './aws-endpoint.ts';
import { createRunRequestQueues, type RunRequestQueuesOptions } from './run-request-queues.ts';
import { createSqsWorkQueue, type SqsWorkQueueOptions } from './sqs-work-queue.ts';

export interface LambdaQueuesOptions extends Omit<SqsWorkQueueOptions, 'client' | 'queueUrl' | 'fifo' | 'limits'> {
  readonly environment: AwsEnvironment;
}

export interface LambdaQueues {
  queue(queueUrl: string): WorkQueue;
  /** Takes run-requests and hands each to the queue of its job's function. */
  runRequests(queues: RunRequestQueuesOptions['queues']): WorkQueue;
}

/** The queues of a function, behind one client. */
export function openLambdaQueues({ environment, ...shared }: LambdaQueuesOptions): LambdaQueues {
  const client = new SQSClient(awsClientOptions('sqs', environment));
  return {
    queue: (queueUrl) => createSqsWorkQueue({ ...shared, client, queueUrl }),
    runRequests: (queues) => createRunRequestQueues({ ...shared, client, queues }),
  };
}
