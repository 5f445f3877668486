/** One Kinesis record: order holds per partition key (`exchange:symbol`, or `exchange:account`). */
export interface StreamRecord {
  readonly partitionKey: string;
  /** UTF-8 JSON of a shared/messages type; at most 1 MiB. */
  readonly data: string;
}

export interface EventStream {
  /**
   * Puts all records, in order per key, or throws `StreamError` naming how many were accepted.
   * At least once: a retried put may deliver a record twice.
   */
  put(records: readonly StreamRecord[]): Promise<void>;
}

export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly acceptedCount: number;
  readonly retryable: boolean;
  constructor(message: string, acceptedCount: number, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.acceptedCount = acceptedCount;
    this.retryable = retryable;
  }
}
