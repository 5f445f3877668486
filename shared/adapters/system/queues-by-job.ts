import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';

/** The queues of one function that may be asked to run out of turn. */
export interface RequestQueues {
  readonly standard: WorkQueue;
  readonly fifo: WorkQueue;
}

/**
 * Takes run-requests and hands each to every function that does its job: one with a group through the FIFO queue, any other through
 * the standard one; those of one queue together. A job without functions is nobody's on this stage, such as observing a venue on
 * paper. Throws `QueueError`, before anything is sent, for a body that is not JSON or a job that no stage knows.
 */
export function queuesByJob(queues: Readonly<Record<string, readonly RequestQueues[]>>): WorkQueue {
  return {
    async send(messages) {
      const routed = new Map<WorkQueue, QueueMessage[]>();
      for (const message of messages) {
        const job = jobOf(message.body);
        const functions = job !== null && Object.hasOwn(queues, job) ? queues[job]! : null;
        if (functions === null) throw new QueueError(`no function takes requests for job ${job ?? '(none)'}`, false);
        for (const { standard, fifo } of functions) {
          const queue = message.groupId === undefined ? standard : fifo;
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
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new QueueError('a run-request that is not JSON', false);
  }
  const { job } = (value ?? {}) as { job?: unknown };
  return typeof job === 'string' ? job : null;
}
