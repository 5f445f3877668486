import type { SQSClient } from '@aws-sdk/client-sqs';
import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';
import { createSqsWorkQueue, type SqsWorkQueueOptions } from './sqs-work-queue.ts';

export interface RunRequestQueuesOptions extends Omit<SqsWorkQueueOptions, 'queueUrl' | 'fifo'> {
  readonly client: Pick<SQSClient, 'send'>;
  /** For each job the queues of the functions that do it: `{"reconciliation":[{"standard":url,"fifo":url}]}`. */
  readonly queues: Readonly<Record<string, readonly { readonly standard: string; readonly fifo: string }[]>>;
}

/** A message with a group goes through its job's FIFO queue, any other through the standard one; those of one queue together. */
export function createRunRequestQueues({ queues, ...shared }: RunRequestQueuesOptions): WorkQueue {
  const opened = new Map<string, WorkQueue>();
  const open = (queueUrl: string, fifo: boolean): WorkQueue => {
    const known = opened.get(queueUrl);
    if (known) return known;
    const queue = createSqsWorkQueue({ ...shared, queueUrl, fifo });
    opened.set(queueUrl, queue);
    return queue;
  };
  return {
    async send(messages) {
      const routed = new Map<WorkQueue, QueueMessage[]>();
      for (const message of messages) {
        const job = jobOf(message.body);
        // No queue at all: nobody does that job on this stage, such as observing a venue on paper.
        const targets = job !== null && Object.hasOwn(queues, job) ? queues[job]! : null;
        if (targets === null) throw new QueueError(`no function takes requests for job ${job ?? '(none)'}`, false);
        const isFifo = message.groupId !== undefined;
        for (const target of targets) {
          const queue = open(isFifo ? target.fifo : target.standard, isFifo);
          const together = routed.get(queue);
          if (together) together.push(message);
          else routed.set(queue, [message]);
        }
      }
      for (const [queue, together] of routed) await queue.send(together);
    },
  };
}

function jobOf(body: string): string | null {
  try {
    const { job } = JSON.parse(body) as { job?: unknown };
    return typeof job === 'string' ? job : null;
  } catch {
    throw new QueueError('a run-request that is not JSON', false);
  }
}
