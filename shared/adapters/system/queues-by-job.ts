import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';

/** The queues of one function that may be asked to run out of turn. */
export interface RequestQueues {
  /** Whose jobs the function does; absent in what a release before wrote, when there was one exchange. */
  readonly exchange?: string | undefined;
  readonly standard: WorkQueue;
  readonly fifo: WorkQueue;
}

/**
 * Takes run-requests and hands each to every function that does its job for its exchange: one with a group through the FIFO queue, any
 * other through the standard one; those of one queue together. A job without functions is nobody's on this stage, such as observing a
 * venue on paper. Throws `QueueError`, before anything is sent, for a body that is not JSON or a job that no stage knows.
 */
export function queuesByJob(queues: Readonly<Record<string, readonly RequestQueues[]>>): WorkQueue {
  return {
    async send(messages) {
      const routed = new Map<WorkQueue, QueueMessage[]>();
      for (const message of messages) {
        const { job, exchange } = targetOf(message.body);
        const functions = job !== null && Object.hasOwn(queues, job) ? queues[job]! : null;
        if (functions === null) throw new QueueError(`no function takes requests for job ${job ?? '(none)'}`, false);
        for (const { standard, fifo, exchange: own = exchange } of functions) {
          if (own !== exchange) continue;
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

function targetOf(body: string): { readonly job: string | null; readonly exchange: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new QueueError('a run-request that is not JSON', false);
  }
  const { job, exchange } = (value ?? {}) as { job?: unknown; exchange?: unknown };
  return { job: typeof job === 'string' ? job : null, exchange };
}
