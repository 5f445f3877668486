export interface QueueMessage {
  /** UTF-8 JSON of a shared/messages type; at most 256 KiB. */
  readonly body: string;
  /** FIFO queues only: order holds inside a group, also when a `send` fails: nothing is accepted before an earlier one of its group. */
  readonly groupId?: string;
  /** FIFO queues only: a repeat within 5 minutes is dropped by the queue. */
  readonly deduplicationId?: string;
  /** Standard queues only, 0–900 s. */
  readonly delaySeconds?: number;
}

/** One queue; delivery is at least once. */
export interface WorkQueue {
  /** Resolves when every message is durably accepted; throws `QueueError` otherwise (some may have been accepted). */
  send(messages: readonly QueueMessage[]): Promise<void>;
}

export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly retryable: boolean;
  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retryable = retryable;
  }
}
