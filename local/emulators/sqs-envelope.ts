import { createHash } from 'node:crypto';

const REGION = 'ap-northeast-1';
const ACCOUNT = '000000000000';

export interface SqsEnvelopeMessage {
  readonly messageId: string;
  readonly body: string;
  readonly receiveCount: number;
  readonly sentAtMs: number;
  readonly firstReceivedAtMs?: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly sequenceNumber?: string;
  /** X-Ray's, as its sender set it. */
  readonly traceHeader?: string;
}

/** The event that Lambda's SQS event source mapping hands to a function. Shape: AWS Lambda developer guide, "Using Lambda with Amazon SQS". */
export function sqsEvent(queueName: string, messages: readonly SqsEnvelopeMessage[]): unknown {
  return {
    Records: messages.map((m) => ({
      messageId: m.messageId,
      receiptHandle: `${m.messageId}#${m.receiveCount}`,
      body: m.body,
      attributes: {
        ApproximateReceiveCount: String(m.receiveCount),
        SentTimestamp: String(m.sentAtMs),
        SenderId: ACCOUNT,
        ApproximateFirstReceiveTimestamp: String(m.firstReceivedAtMs ?? m.sentAtMs),
        ...(m.groupId === undefined ? {} : { MessageGroupId: m.groupId }),
        ...(m.deduplicationId === undefined ? {} : { MessageDeduplicationId: m.deduplicationId }),
        ...(m.sequenceNumber === undefined ? {} : { SequenceNumber: m.sequenceNumber }),
        ...(m.traceHeader === undefined ? {} : { AWSTraceHeader: m.traceHeader }),
      },
      messageAttributes: {},
      md5OfBody: createHash('md5').update(m.body).digest('hex'),
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:${queueName}`,
      awsRegion: REGION,
    })),
  };
}

/** `batchItemFailures` of an answer, or null when the answer has none or is malformed (then the whole batch counts as done). */
export function batchItemFailures(answer: unknown): ReadonlySet<string> {
  const list = (answer as { batchItemFailures?: unknown } | null | undefined)?.batchItemFailures;
  if (!Array.isArray(list)) return new Set();
  return new Set(list.map((f: { itemIdentifier?: unknown }) => String(f?.itemIdentifier ?? '')));
}
