import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Clock } from '#shared/ports/clock.ts';
import { type EventStream, StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { awsMetrics } from '#shared/telemetry/aws-names.ts';
import { awsFailure } from './aws-failure.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';

export interface KinesisEventStreamLimits extends BackoffLimits {
  /** Records that wait for the stream, over all puts; beyond it a put is refused, retryable. */
  readonly pendingRecordsMax: number;
  readonly pendingBytesMax: number;
  /** Bytes of data and keys in one PutRecords. The service takes 10 MiB; emulators may still know its former limit of 5. */
  readonly callBytesMax: number;
}

export interface KinesisEventStreamOptions {
  readonly client: Pick<KinesisClient, 'send'>;
  readonly streamName: string;
  readonly clock: Clock;
  /** [0, 1): jitter of retries. */
  readonly random: () => number;
  readonly telemetry?: Telemetry;
  readonly limits?: Partial<KinesisEventStreamLimits>;
}

const LIMITS: KinesisEventStreamLimits = {
  attemptsMax: 6,
  backoffMinMs: 50,
  backoffMaxMs: 1_000,
  pendingRecordsMax: 20_000,
  pendingBytesMax: 64 * 1_048_576,
  callBytesMax: 10 * 1_048_576,
};

/** Of the service: records of one PutRecords; bytes of one record with its key; characters of a key. */
const CALL_RECORDS_MAX = 500;
const RECORD_BYTES_MAX = 1_048_576;
const KEY_CHARS_MAX = 256;

interface Put {
  readonly count: number;
  accepted: number;
  readonly settle: (error: StreamError | null) => void;
}

interface Pending {
  readonly put: Put;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly bytes: number;
  failures: number;
  notBeforeMs: number;
}

/**
 * PutRecords with what it leaves to its caller. It takes no order for granted, so a call holds one record per key, and a key's next
 * waits until the one before it was accepted; refused records are sent again by themselves, the others go on. Puts that overlap share
 * calls. When a record's tries are used up, its put fails (retryable) and what is left of that put is not sent.
 */
export function createKinesisEventStream(options: KinesisEventStreamOptions): EventStream {
  return new KinesisEventStream(options);
}

class KinesisEventStream implements EventStream {
  readonly #options: KinesisEventStreamOptions;
  readonly #limits: KinesisEventStreamLimits;
  /** Not yet accepted, in the order of arrival. */
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #running = false;
  /** Ends the wait for a backoff early: something else came. */
  #wake: AbortController | null = null;

  constructor(options: KinesisEventStreamOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  async put(records: readonly StreamRecord[]): Promise<void> {
    if (records.length === 0) return;
    const { streamName } = this.#options;
    const encoded = records.map((record) => encode(record, streamName));
    const bytes = encoded.reduce((sum, record) => sum + record.bytes, 0);
    const { pendingRecordsMax, pendingBytesMax } = this.#limits;
    // A put larger than the bounds may pass when nothing else waits, or it never could.
    const idle = this.#pending.length === 0;
    const full =
      this.#pending.length + records.length > pendingRecordsMax || this.#pendingBytes + bytes > pendingBytesMax;
    if (full && !idle) {
      const waiting = `${this.#pending.length} records, ${this.#pendingBytes} bytes waiting`;
      throw new StreamError(`stream ${streamName} is behind (${waiting})`, 0, true);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle = (error: StreamError | null) => (error === null ? resolve() : reject(error));
    const put: Put = { count: records.length, accepted: 0, settle };
    for (const record of encoded) this.#pending.push({ ...record, put, failures: 0, notBeforeMs: 0 });
    this.#pendingBytes += bytes;
    this.#wake?.abort();
    void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#pending.length > 0) {
        const batch = this.#nextBatch();
        if (batch.length > 0) await this.#call(batch);
        else await this.#waitForBackoff();
      }
    } finally {
      this.#running = false;
    }
  }

  /** The oldest waiting record of each key: what may be sent next. */
  #heads(): readonly Pending[] {
    const heads = new Map<string, Pending>();
    for (const record of this.#pending) if (!heads.has(record.partitionKey)) heads.set(record.partitionKey, record);
    return [...heads.values()];
  }

  /** As many of the heads as one call takes, without those that wait for their next try. */
  #nextBatch(): readonly Pending[] {
    const nowMs = this.#options.clock.nowMs();
    const batch: Pending[] = [];
    let bytes = 0;
    for (const record of this.#heads()) {
      if (record.notBeforeMs > nowMs) continue;
      // A single record always fits: it was checked when it was put.
      if (batch.length >= CALL_RECORDS_MAX || (batch.length > 0 && bytes + record.bytes > this.#limits.callBytesMax))
        break;
      batch.push(record);
      bytes += record.bytes;
    }
    return batch;
  }

  async #call(batch: readonly Pending[]): Promise<void> {
    const { client, streamName } = this.#options;
    const command = new PutRecordsCommand({
      StreamName: streamName,
      Records: batch.map(({ partitionKey, data }) => ({ PartitionKey: partitionKey, Data: data })),
    });
    try {
      const { Records: results = [] } = await client.send(command);
      const isAccepted = (index: number) => Boolean(results[index]?.SequenceNumber && !results[index].ErrorCode);
      this.#accepted(batch.filter((_, index) => isAccepted(index)));
      for (const [index, record] of batch.entries()) {
        // An answer that says nothing of a record may mean anything; sent again, it is there at least once.
        if (!isAccepted(index)) this.#tryAgain(record, results[index]?.ErrorCode ?? 'no answer');
      }
    } catch (error) {
      const { code, kind, summary, transient } = awsFailure(error);
      for (const record of batch) {
        if (transient) this.#tryAgain(record, code);
        // A missing stream or a policy can be put right; a call that was refused for what it holds will be refused again.
        else this.#fail(record.put, summary, kind !== 'refused');
      }
    }
  }

  #accepted(records: readonly Pending[]): void {
    const done = new Set(records);
    this.#drop((record) => done.has(record));
    for (const { put } of records) {
      put.accepted += 1;
      if (put.accepted === put.count) put.settle(null);
    }
  }

  #tryAgain(record: Pending, code: string): void {
    const { clock, random, telemetry, streamName } = this.#options;
    record.failures += 1;
    telemetry?.count(awsMetrics.retries, 1, { service: 'kinesis', target: streamName, code });
    if (record.failures >= this.#limits.attemptsMax) {
      this.#fail(record.put, `${code}, ${record.failures} tries`, true);
      return;
    }
    record.notBeforeMs = clock.nowMs() + backoffMs(record.failures, this.#limits, random);
  }

  #fail(put: Put, reason: string, retryable: boolean): void {
    this.#drop((record) => record.put === put);
    const counts = `${put.accepted} of ${put.count} records accepted`;
    put.settle(new StreamError(`stream ${this.#options.streamName}: ${reason}; ${counts}`, put.accepted, retryable));
  }

  #drop(isGone: (record: Pending) => boolean): void {
    this.#pending = this.#pending.filter((record) => {
      const gone = isGone(record);
      if (gone) this.#pendingBytes -= record.bytes;
      return !gone;
    });
  }

  async #waitForBackoff(): Promise<void> {
    const { clock } = this.#options;
    const untilMs = this.#heads().reduce(
      (least, { notBeforeMs }) => Math.min(least, notBeforeMs),
      Number.POSITIVE_INFINITY,
    );
    this.#wake = new AbortController();
    try {
      await clock.sleep(Math.max(0, untilMs - clock.nowMs()), this.#wake.signal);
    } catch {
      // Woken: another put came.
    } finally {
      this.#wake = null;
    }
  }
}

function encode({ partitionKey, data }: StreamRecord, streamName: string) {
  if (partitionKey === '' || partitionKey.length > KEY_CHARS_MAX) {
    const shown = partitionKey.slice(0, 40);
    throw new StreamError(`stream ${streamName}: key "${shown}" is not of 1 to ${KEY_CHARS_MAX} characters`, 0, false);
  }
  const encoded = Buffer.from(data, 'utf8');
  const bytes = encoded.byteLength + Buffer.byteLength(partitionKey);
  if (bytes > RECORD_BYTES_MAX) {
    throw new StreamError(`stream ${streamName}: record of ${bytes} bytes; at most ${RECORD_BYTES_MAX}`, 0, false);
  }
  return { partitionKey, data: encoded, bytes };
}
