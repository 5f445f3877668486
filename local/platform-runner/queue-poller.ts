import {
  DeleteMessageBatchCommand,
  type Message,
  type MessageSystemAttributeName,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { InvocationResult } from '#local/emulators/invoker.ts';
import { batchItemFailures, type SqsEnvelopeMessage, sqsEvent } from '#local/emulators/sqs-envelope.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { pollBackoffMs } from './poll-backoff.ts';

export interface QueuePollerOptions {
  /** Its requests may take longer than `WAIT_S`. */
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  readonly functionName: string;
  /** 1 to 10. */
  readonly batchSize: number;
  /** Receives after which the queue's redrive policy moves a message to its dead letters. */
  readonly maxReceives: number;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Seconds that a call waits for a message. The client must have more patience. */
export const WAIT_S = 10;
const DELETE_TRIES = 3;
const ATTRIBUTES: readonly MessageSystemAttributeName[] = ['All'];

/**
 * Works off one SQS queue with one function, as an event source mapping does: what the function did not report as failed is deleted,
 * the rest comes again after its visibility timeout and, received too often, moves to the queue's own dead letters.
 */
export class QueuePoller {
  readonly #options: QueuePollerOptions;
  readonly #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(options: QueuePollerOptions) {
    this.#options = options;
    options.telemetry.count(metrics.queueDead, 0, { queue: nameOf(options.queueUrl) });
  }

  start(): void {
    this.#work = this.#run();
  }

  /** Lets the invocation under way finish. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { clock, telemetry, queueUrl } = this.#options;
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      try {
        await this.pollOnce(WAIT_S);
        failures = 0;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        failures += 1;
        telemetry.log('warn', 'runner.queue-unreadable', { queue: nameOf(queueUrl), error: String(error) });
        await clock.sleep(pollBackoffMs(failures));
      }
    }
  }

  /** One receive and its invocation; how many messages there were. */
  async pollOnce(waitS: number): Promise<number> {
    const { client, queueUrl, functionName, batchSize, invoke } = this.#options;
    const receive = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: waitS,
      MessageSystemAttributeNames: [...ATTRIBUTES],
    });
    const { Messages: messages = [] } = await client.send(receive, { abortSignal: this.#abort.signal });
    if (messages.length === 0) return 0;
    const result = await invoke(functionName, sqsEvent(nameOf(queueUrl), messages.map(envelopeOf)));
    const finished = done(messages, result);
    this.#countDead(messages.filter((message) => !finished.includes(message)));
    await this.#delete(finished);
    return messages.length;
  }

  /** The queue itself moves them, and says nothing. */
  #countDead(failed: readonly Message[]): void {
    const { queueUrl, maxReceives, telemetry } = this.#options;
    const dead = failed.filter((m) => Number(m.Attributes?.ApproximateReceiveCount ?? 1) >= maxReceives);
    if (dead.length > 0) telemetry.count(metrics.queueDead, dead.length, { queue: nameOf(queueUrl) });
  }

  /** What cannot be deleted comes again: every function takes a message twice. */
  async #delete(messages: readonly Message[]): Promise<void> {
    const { client, queueUrl, clock, telemetry } = this.#options;
    let entries = messages.map((m, index) => ({ Id: String(index), ReceiptHandle: m.ReceiptHandle! }));
    for (let tries = 1; entries.length > 0 && tries <= DELETE_TRIES; tries += 1) {
      if (tries > 1) await clock.sleep(pollBackoffMs(tries - 1));
      const answer = await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
      const failed = new Set((answer.Failed ?? []).map((f) => f.Id));
      entries = entries.filter((e) => failed.has(e.Id));
    }
    if (entries.length === 0) return;
    telemetry.log('warn', 'runner.messages-not-deleted', { queue: nameOf(queueUrl), count: entries.length });
  }
}

/** Messages that the answer leaves as done; an answer that names a message that nobody sent fails the whole batch, as with Lambda. */
function done(messages: readonly Message[], result: InvocationResult): readonly Message[] {
  if (result.kind === 'failed') return [];
  const failed = batchItemFailures(result.value);
  const known = new Set(messages.map((m) => m.MessageId));
  if ([...failed].some((id) => !known.has(id))) return [];
  return messages.filter((m) => !failed.has(m.MessageId!));
}

const nameOf = (queueUrl: string): string => queueUrl.split('/').at(-1)!;

function envelopeOf(message: Message): SqsEnvelopeMessage {
  const a = message.Attributes ?? {};
  const optional = {
    groupId: a.MessageGroupId,
    deduplicationId: a.MessageDeduplicationId,
    sequenceNumber: a.SequenceNumber,
    traceHeader: a.AWSTraceHeader,
  };
  const sentAtMs = Number(a.SentTimestamp ?? 0);
  return {
    messageId: message.MessageId!,
    body: message.Body ?? '',
    receiveCount: Number(a.ApproximateReceiveCount ?? 1),
    sentAtMs,
    firstReceivedAtMs: Number(a.ApproximateFirstReceiveTimestamp ?? sentAtMs),
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as object),
  };
}
