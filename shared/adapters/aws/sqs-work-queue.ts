import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';
import { awsMetrics } from '#shared/telemetry/aws-names.ts';
import { awsFailure } from './aws-failure.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';

export interface SqsWorkQueueOptions {
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  /** Absent: a queue whose name ends in `.fifo`. */
  readonly fifo?: boolean;
  readonly clock: Clock;
  /** [0, 1): jitter of retries. */
  readonly random: () => number;
  readonly telemetry?: Telemetry;
  /** `AWSTraceHeader` of a message, so that who receives it goes on with the sender's trace; null for none. */
  readonly traceHeaderOf?: (message: QueueMessage) => string | null;
  readonly limits?: Partial<BackoffLimits>;
}

const LIMITS: BackoffLimits = { attemptsMax: 5, backoffMinMs: 50, backoffMaxMs: 1_000 };

/** Of the service: messages and bytes of one call, seconds of delay. */
const CALL_MESSAGES_MAX = 10;
const CALL_BYTES_MAX = 1_048_576;
const DELAY_MAX_S = 900;
/** Of the port. */
const BODY_BYTES_MAX = 262_144;
/** What SQS takes as a group or as a deduplication id. */
const SQS_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

interface Outgoing {
  readonly message: QueueMessage;
  readonly bytes: number;
  failures: number;
}

interface Refused {
  readonly outgoing: Outgoing;
  readonly code: string;
}

/**
 * SendMessageBatch, one call after another and in order; what a call did not take is sent again before what comes later. A call to a
 * FIFO queue holds one message of each group: a call may be taken in part, and what it took cannot be recalled, so that nothing of a
 * group is sent while an earlier message of it is not in the queue. After one that the queue refuses for good the rest of its group
 * stays unsent; other groups go on.
 */
export function createSqsWorkQueue(options: SqsWorkQueueOptions): WorkQueue {
  const fifo = options.fifo ?? options.queueUrl.endsWith('.fifo');
  const name = options.queueUrl.split('/').at(-1) ?? options.queueUrl;
  const limits = { ...LIMITS, ...options.limits };

  return {
    async send(messages) {
      const waiting = messages.map((message): Outgoing => {
        check(message, fifo, name);
        return { message, bytes: Buffer.byteLength(message.body), failures: 0 };
      });
      const refused: Refused[] = [];
      const total = waiting.length;
      while (waiting.length > 0) {
        const batch = takeBatch(waiting, fifo);
        const { again, code } = await sendBatch(options, fifo, name, batch, refused);
        if (fifo && refused.length > 0) holdBack(waiting, refused);
        if (again.length === 0) continue;
        waiting.unshift(...again);
        const failures = Math.max(...again.map((outgoing) => outgoing.failures));
        if (failures >= limits.attemptsMax) {
          throw new QueueError(
            `queue ${name}: ${code}, ${failures} tries; ${waiting.length} of ${total} messages not taken`,
            true,
          );
        }
        await options.clock.sleep(backoffMs(failures, limits, options.random));
      }
      if (refused.length > 0) {
        throw new QueueError(
          `queue ${name} refused ${refused.length} of ${total} messages: ${refused[0]?.code}`,
          false,
        );
      }
    },
  };
}

/** The oldest messages that fit into one call, removed from `waiting`; of a FIFO queue the oldest of each group. */
function takeBatch(waiting: Outgoing[], fifo: boolean): Outgoing[] {
  const batch: Outgoing[] = [];
  const later: Outgoing[] = [];
  const groups = new Set<string>();
  let bytes = 0;
  for (const outgoing of waiting) {
    const group = outgoing.message.groupId ?? '';
    const fits = batch.length < CALL_MESSAGES_MAX && (batch.length === 0 || bytes + outgoing.bytes <= CALL_BYTES_MAX);
    if (fits && !(fifo && groups.has(group))) {
      batch.push(outgoing);
      bytes += outgoing.bytes;
    } else later.push(outgoing);
    groups.add(group);
  }
  waiting.splice(0, waiting.length, ...later);
  return batch;
}

/** Removes from `waiting` what comes after a refused message of its group, and counts it as refused too. */
function holdBack(waiting: Outgoing[], refused: Refused[]): void {
  const codes = new Map(refused.map(({ outgoing, code }) => [outgoing.message.groupId, code]));
  const rest = waiting.filter((outgoing) => {
    const code = codes.get(outgoing.message.groupId);
    if (code !== undefined) refused.push({ outgoing, code });
    return code === undefined;
  });
  waiting.splice(0, waiting.length, ...rest);
}

/** What must be sent again, and why; what the queue refuses for good goes to `refused`. */
async function sendBatch(
  options: SqsWorkQueueOptions,
  fifo: boolean,
  name: string,
  batch: readonly Outgoing[],
  refused: Refused[],
): Promise<{ again: readonly Outgoing[]; code: string }> {
  const { client, queueUrl, telemetry, traceHeaderOf } = options;
  const tryAgain = (outgoing: readonly Outgoing[], code: string) => {
    for (const one of outgoing) one.failures += 1;
    if (outgoing.length > 0) {
      telemetry?.count(awsMetrics.retries, outgoing.length, { service: 'sqs', target: name, code });
    }
    return { again: outgoing, code };
  };
  const Entries = batch.map(({ message }, index) => toEntry(message, index, fifo, traceHeaderOf?.(message) ?? null));
  try {
    const { Successful = [], Failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
    );
    const taken = new Set(Successful.map((entry) => entry.Id));
    const failed = new Map(Failed.map((entry) => [entry.Id, entry]));
    let code = 'no answer';
    // An answer that says nothing of a message may mean anything; sent again, it is there at least once.
    const again = batch.filter((outgoing, index) => {
      const failure = failed.get(String(index));
      if (failure === undefined) return !taken.has(String(index));
      const throttled = awsFailure({ name: failure.Code }).transient;
      if (failure.SenderFault && !throttled) refused.push({ outgoing, code: failure.Code ?? 'unknown' });
      else code = failure.Code ?? code;
      return !failure.SenderFault || throttled;
    });
    return tryAgain(again, code);
  } catch (error) {
    const failure = awsFailure(error);
    if (failure.transient) return tryAgain(batch, failure.code);
    // A missing queue or a policy can be put right; a call that was refused for what it holds will be refused again.
    throw new QueueError(`queue ${name}: ${failure.summary}`, failure.kind !== 'refused');
  }
}

function toEntry(
  message: QueueMessage,
  index: number,
  fifo: boolean,
  traceHeader: string | null,
): SendMessageBatchRequestEntry {
  return {
    Id: String(index),
    MessageBody: message.body,
    ...(fifo
      ? { MessageGroupId: sqsId(message.groupId ?? ''), MessageDeduplicationId: sqsId(message.deduplicationId ?? '') }
      : message.delaySeconds === undefined
        ? {}
        : { DelaySeconds: message.delaySeconds }),
    ...(traceHeader === null
      ? {}
      : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } } }),
  };
}

/** Equal ids stay equal: one that SQS would refuse is replaced by its hash. */
const sqsId = (id: string): string =>
  SQS_ID.test(id) ? id : `sha256-${createHash('sha256').update(id).digest('hex')}`;

function check({ body, groupId, deduplicationId, delaySeconds = 0 }: QueueMessage, fifo: boolean, name: string): void {
  const refuse = (reason: string): never => {
    throw new QueueError(`queue ${name}: ${reason}`, false);
  };
  const bytes = Buffer.byteLength(body);
  if (bytes === 0 || bytes > BODY_BYTES_MAX) refuse(`message of ${bytes} bytes; 1 to ${BODY_BYTES_MAX} are taken`);
  if (fifo && (!groupId || !deduplicationId)) refuse('is FIFO: groupId and deduplicationId are required');
  if (fifo && delaySeconds > 0) refuse('is FIFO: no delay per message');
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > DELAY_MAX_S) {
    refuse(`delay of ${delaySeconds} s; whole seconds, 0 to ${DELAY_MAX_S}`);
  }
}
