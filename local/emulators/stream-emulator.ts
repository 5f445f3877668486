import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import { type EventStream, StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import type { Invoker, Redelivery } from './invoker.ts';
import { kinesisEvent, type StoredRecord } from './kinesis-envelope.ts';
import { workOffBatch } from './work-off-batch.ts';

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
  readonly #deadLetters: Pick<DeadLetters, 'store'>;
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
      deadLetters: Pick<DeadLetters, 'store'>;
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
    this.#telemetry.count(metrics.streamDead, 0, { stream: this.name, function: spec.functionName });
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

  /** Tells how far behind each consumer is. */
  reportLag(): void {
    for (const { spec, position } of this.#consumers) {
      const oldest = this.#log[position - this.#base];
      const lagMs = oldest ? this.#clock.nowMs() - oldest.arrivedAtMs : 0;
      this.#telemetry.gauge(metrics.streamLag, lagMs, { stream: this.name, function: spec.functionName });
    }
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

  async #process(consumer: Consumer, batch: readonly StoredRecord[]): Promise<void> {
    const { functionName } = consumer.spec;
    const work = {
      clock: this.#clock,
      rules: consumer.spec,
      invoke: (part: readonly StoredRecord[]) => this.#invoker.invoke(functionName, kinesisEvent(this.name, part)),
      bury: (record: StoredRecord, error: string, attempts: number) => this.#bury(consumer, record, error, attempts),
      advance: (count: number) => {
        consumer.position += count;
      },
      stopped: () => this.#stopped,
      redelivery: this.#redelivery,
    };
    await workOffBatch(work, batch);
  }

  async #bury(consumer: Consumer, record: StoredRecord, error: string, attempts: number): Promise<void> {
    this.#telemetry.count(metrics.streamDead, 1, { stream: this.name, function: consumer.spec.functionName });
    await this.#deadLetters.store({
      source: `${this.name}/${consumer.spec.functionName}`,
      recordId: record.sequenceNumber,
      error,
      payload: record.data,
      attempts,
    });
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
