import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import { type EventStream, StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Invoker, Redelivery } from './invoker.ts';
import { kinesisEvent, type StoredRecord } from './kinesis-envelope.ts';
import { batchItemFailures } from './sqs-envelope.ts';

export interface ConsumerSpec {
  readonly functionName: string;
  /** Most records per invocation (Lambda: 1–10,000). */
  readonly batchSize: number;
  /** Waits this long for a batch to fill. */
  readonly batchWindowMs: number;
  /** After that many failed tries a record goes to the dead letters and the shard moves on. */
  readonly maxRetries: number;
  /** Records older than this are dead-lettered unread. */
  readonly maxRecordAgeMs: number;
}

const RECORD_MAX_BYTES = 1_048_576;
const RETRY_WAIT_MAX_MS = 10_000;

interface Consumer {
  readonly spec: ConsumerSpec;
  /** Index in `#log` of the next record to hand out, counted from the beginning of the stream. */
  position: number;
  timer: TimerHandle | null;
  busy: boolean;
  failures: number;
}

/**
 * One Kinesis stream with one shard and its event source mappings: order for every key, at least once, retries bounded,
 * a failing batch is bisected, the lowest reported failure is the checkpoint, poison goes to the dead letters with its payload.
 */
export class StreamEmulator implements EventStream {
  readonly name: string;
  readonly #clock: Clock;
  readonly #invoker: Invoker;
  readonly #deadLetters: DeadLetters;
  readonly #telemetry: Telemetry;
  readonly #redelivery: Redelivery;
  readonly #capacity: number;
  readonly #consumers: Consumer[] = [];
  #log: StoredRecord[] = [];
  /** Position of `#log[0]`. */
  #base = 0;
  #stopped = false;

  constructor(
    name: string,
    deps: {
      clock: Clock;
      invoker: Invoker;
      deadLetters: DeadLetters;
      telemetry: Telemetry;
      redelivery?: Redelivery | undefined;
    },
    options: { readonly capacityRecords: number },
  ) {
    this.name = name;
    this.#clock = deps.clock;
    this.#invoker = deps.invoker;
    this.#deadLetters = deps.deadLetters;
    this.#telemetry = deps.telemetry;
    this.#redelivery = deps.redelivery ?? (() => null);
    this.#capacity = options.capacityRecords;
  }

  addConsumer(spec: ConsumerSpec): void {
    this.#consumers.push({ spec, position: this.#base, timer: null, busy: false, failures: 0 });
  }

  put(records: readonly StreamRecord[]): Promise<void> {
    let accepted = 0;
    for (const record of records) {
      if (this.#log.length >= this.#capacity) {
        return Promise.reject(
          new StreamError(`stream ${this.name} is full (${this.#capacity} records)`, accepted, true),
        );
      }
      if (record.data.length > RECORD_MAX_BYTES) {
        return Promise.reject(new StreamError(`record over ${RECORD_MAX_BYTES} bytes`, accepted, false));
      }
      this.#log.push({
        sequenceNumber: sequenceOf(this.#base + this.#log.length),
        partitionKey: record.partitionKey,
        data: record.data,
        arrivedAtMs: this.#clock.nowMs(),
      });
      accepted += 1;
    }
    for (const consumer of this.#consumers) this.#wake(consumer);
    return Promise.resolve();
  }

  /** Records that some consumer has not finished. */
  get backlog(): number {
    return this.#log.length;
  }

  stop(): void {
    this.#stopped = true;
    for (const c of this.#consumers) c.timer?.cancel();
  }

  #waiting(consumer: Consumer): number {
    return this.#base + this.#log.length - consumer.position;
  }

  #wake(consumer: Consumer): void {
    if (this.#stopped || consumer.busy || this.#waiting(consumer) === 0) return;
    if (this.#waiting(consumer) >= consumer.spec.batchSize) {
      consumer.timer?.cancel();
      consumer.timer = null;
    }
    if (consumer.timer) return;
    const wait = this.#waiting(consumer) >= consumer.spec.batchSize ? 0 : consumer.spec.batchWindowMs;
    consumer.timer = this.#clock.setTimer(wait, () => {
      consumer.timer = null;
      void this.#run(consumer);
    });
  }

  async #run(consumer: Consumer): Promise<void> {
    consumer.busy = true;
    try {
      const start = consumer.position - this.#base;
      const batch = this.#log.slice(start, start + consumer.spec.batchSize);
      await this.#process(consumer, batch);
    } finally {
      consumer.busy = false;
      this.#trim();
      this.#wake(consumer);
    }
  }

  /** Works through the batch until every record of it is done or dead; moves the consumer's position as it goes. */
  async #process(consumer: Consumer, batch: readonly StoredRecord[]): Promise<void> {
    let pending = batch;
    let size = batch.length;
    let tries = 0;
    let repeated = false;
    while (pending.length > 0 && !this.#stopped) {
      const first = pending[0]!;
      if (this.#clock.nowMs() - first.arrivedAtMs > consumer.spec.maxRecordAgeMs) {
        await this.#bury(consumer, first, 'record is older than the maximum record age', tries);
        pending = pending.slice(1);
        tries = 0;
        continue;
      }
      const part = pending.slice(0, size);
      const result = await this.#invoker.invoke(consumer.spec.functionName, kinesisEvent(this.name, part));
      const failedAt = result.kind === 'failed' ? 0 : firstFailure(part, result.value);
      const againMs = failedAt === -1 && !repeated ? this.#redelivery() : null;
      if (againMs !== null) {
        // Its checkpoint was lost: the same records come again.
        repeated = true;
        await this.#clock.sleep(againMs);
        continue;
      }
      repeated = false;
      const done = failedAt === -1 ? part.length : failedAt;
      consumer.position += done;
      pending = pending.slice(done);
      if (failedAt === -1) {
        tries = 0;
        size = batch.length;
        continue;
      }
      if (done > 0) tries = 0;
      // Bisecting isolates the poison without counting as a retry, as the event source mapping does.
      if (result.kind === 'failed' && part.length > 1) {
        size = Math.max(1, part.length >> 1);
        continue;
      }
      size = 1;
      tries += 1;
      if (tries > consumer.spec.maxRetries) {
        const error = result.kind === 'failed' ? result.error.message : 'reported as failed by the function';
        await this.#bury(consumer, pending[0]!, error, tries);
        pending = pending.slice(1);
        tries = 0;
        size = batch.length;
      } else {
        await this.#clock.sleep(Math.min(RETRY_WAIT_MAX_MS, 100 * 2 ** tries));
      }
    }
  }

  async #bury(consumer: Consumer, record: StoredRecord, error: string, attempts: number): Promise<void> {
    this.#telemetry.count('stream_records_dead', 1, { stream: this.name, function: consumer.spec.functionName });
    await this.#deadLetters.store({
      source: `${this.name}/${consumer.spec.functionName}`,
      recordId: record.sequenceNumber,
      error,
      payload: record.data,
      attempts,
    });
    consumer.position += 1;
  }

  #trim(): void {
    let least = this.#base + this.#log.length;
    for (const c of this.#consumers) least = Math.min(least, c.position);
    const done = least - this.#base;
    if (done < 256 && done < this.#log.length) return;
    this.#log = this.#log.slice(done);
    this.#base = least;
  }
}

/** 56 digits, as Kinesis has them, rising with the position. */
const sequenceOf = (position: number): string => `4959${String(position).padStart(52, '0')}`;

/** Index of the lowest reported failure, or -1. */
function firstFailure(batch: readonly StoredRecord[], answer: unknown): number {
  const failed = batchItemFailures(answer);
  return failed.size === 0 ? -1 : batch.findIndex((r) => failed.has(r.sequenceNumber));
}
