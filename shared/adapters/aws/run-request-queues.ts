import type { SQSClient } from '@aws-sdk/client-sqs';
import type { WorkQueue } from '#shared/ports/work-queue.ts';
import { queuesByJob, type RequestQueues } from '../system/queues-by-job.ts';
import { createSqsWorkQueue, type SqsWorkQueueOptions } from './sqs-work-queue.ts';

export interface RunRequestQueuesOptions extends Omit<SqsWorkQueueOptions, 'queueUrl' | 'fifo'> {
  readonly client: Pick<SQSClient, 'send'>;
  /** For each job the queues of the functions that do it: `{"reconciliation":[{"standard":url,"fifo":url}]}`. */
  readonly queues: Readonly<Record<string, readonly { readonly standard: string; readonly fifo: string }[]>>;
}

/** Takes run-requests and hands each to the SQS queues of its job (queues-by-job.ts). */
export function createRunRequestQueues({ queues, ...shared }: RunRequestQueuesOptions): WorkQueue {
  const open = (urls: { readonly standard: string; readonly fifo: string }): RequestQueues => ({
    standard: createSqsWorkQueue({ ...shared, queueUrl: urls.standard, fifo: false }),
    fifo: createSqsWorkQueue({ ...shared, queueUrl: urls.fifo, fifo: true }),
  });
  const opened = Object.entries(queues).map(([job, functions]) => [job, functions.map(open)] as const);
  return queuesByJob(Object.fromEntries(opened));
}
