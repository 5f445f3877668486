import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
} from '@aws-sdk/client-kinesis';
import type { InvocationResult } from '#local/emulators/invoker.ts';
import { kinesisEvent } from '#local/emulators/kinesis-envelope.ts';
import type { ConsumerSpec } from '#local/emulators/stream-emulator.ts';
import { type BatchRecord, workOffBatch } from '#local/emulators/work-off-batch.ts';
import { isDue } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import type { Checkpoints } from './checkpoints.ts';
import { pollBackoffMs } from './poll-backoff.ts';

export interface PolledRecord extends BatchRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

export interface StreamPollerOptions {
  readonly client: Pick<KinesisClient, 'send'>;
  readonly streamName: string;
  readonly consumer: ConsumerSpec;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  /** The failure destination: takes the record with its payload. */
  readonly bury: (record: PolledRecord, error: string, attempts: number) => Promise<void>;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Between two reads of a shard that had nothing; Kinesis allows 5 reads a second and shard over all consumers. */
  readonly pollIntervalMs: number;
}

/** Lambda hands out at most 6 MB, base64 included. */
const BATCH_BYTES_MAX = 4_000_000;
const SHARDS_EVERY_MS = 60_000;

/**
 * Reads one Kinesis stream for one function, as an event source mapping does: each shard in order from TRIM_HORIZON or its checkpoint,
 * a shard that was split before those it was split into, batches by size and window, failures by the rules of `workOffBatch`.
 */
export class StreamPoller {
  readonly #options: StreamPollerOptions;
  readonly #following = new Set<string>();
  readonly #finished = new Set<string>();
  #stopped = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    const { telemetry, streamName: stream, consumer } = options;
    telemetry.count(metrics.streamDead, 0, { stream, function: consumer.functionName });
  }

  start(): void {
    this.#work = this.#followAll();
  }

  /** Lets the invocation under way finish. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #followAll(): Promise<void> {
    const { clock } = this.#options;
    const work: Promise<void>[] = [];
    let failures = 0;
    let listedMs = Number.NEGATIVE_INFINITY;
    while (!this.#stopped) {
      if (isDue(listedMs, clock.nowMs(), SHARDS_EVERY_MS)) {
        try {
          for (const shard of await this.#shards()) if (this.#isDue(shard)) work.push(this.#follow(shard.ShardId!));
          listedMs = clock.nowMs();
          failures = 0;
        } catch (error) {
          failures += 1;
          this.#warn('shards', error);
          await clock.sleep(pollBackoffMs(failures));
        }
      }
      await clock.sleep(this.#options.pollIntervalMs);
    }
    await Promise.all(work);
  }

  async #shards(): Promise<readonly Shard[]> {
    const { client, streamName } = this.#options;
    const shards: Shard[] = [];
    let token: string | undefined;
    do {
      const answer = await client.send(
        new ListShardsCommand(token === undefined ? { StreamName: streamName } : { NextToken: token }),
      );
      shards.push(...(answer.Shards ?? []));
      token = answer.NextToken;
    } while (token !== undefined);
    return shards;
  }

  /** Not before its parents are done: they hold what came earlier. */
  #isDue({ ShardId: id, ParentShardId: parent, AdjacentParentShardId: adjacent }: Shard): boolean {
    if (id === undefined || this.#following.has(id)) return false;
    return [parent, adjacent].every((p) => p === undefined || !this.#following.has(p) || this.#finished.has(p));
  }

  async #follow(shardId: string): Promise<void> {
    const { clock, consumer, pollIntervalMs, checkpoints } = this.#options;
    this.#following.add(shardId);
    const key = `${this.#options.streamName}/${shardId}/${consumer.functionName}`;
    let waiting: PolledRecord[] = [];
    let firstMs = 0;
    let iterator: string | null = null;
    let readUpTo = checkpoints.read(key);
    let opened = false;
    let failures = 0;
    while (!this.#stopped) {
      try {
        if (!opened) {
          iterator = await this.#iteratorAfter(shardId, readUpTo);
          opened = true;
        }
        const before = waiting.length;
        if (iterator !== null && before < consumer.batchSize) {
          const read = await this.#read(iterator, consumer.batchSize - before);
          iterator = read.next;
          waiting.push(...read.records);
          readUpTo = waiting.at(-1)?.sequenceNumber ?? readUpTo;
          if (before === 0 && waiting.length > 0) firstMs = clock.nowMs();
        }
        failures = 0;
        const full = waiting.length >= consumer.batchSize;
        if (
          waiting.length > 0 &&
          (full || iterator === null || isDue(firstMs, clock.nowMs(), consumer.batchWindowMs))
        ) {
          for (const batch of cutBySize(waiting)) await this.#workOff(key, batch);
          waiting = [];
          continue;
        }
        if (iterator === null) {
          this.#finished.add(shardId);
          return;
        }
      } catch (error) {
        failures += 1;
        // An iterator lives five minutes; the next one starts after what was read.
        opened = false;
        readUpTo = this.#isForeign(error) ? null : readUpTo;
        this.#warn('poll', error);
        await clock.sleep(pollBackoffMs(failures));
      }
      await clock.sleep(pollIntervalMs);
    }
  }

  /** A checkpoint of another stream that had this name. */
  #isForeign(error: unknown): boolean {
    return (error as Error).name === 'InvalidArgumentException';
  }

  async #iteratorAfter(shardId: string, sequenceNumber: string | null): Promise<string | null> {
    const { client, streamName: StreamName } = this.#options;
    const answer = await client.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId: shardId,
        ...(sequenceNumber === null
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: sequenceNumber }),
      }),
    );
    return answer.ShardIterator ?? null;
  }

  async #read(iterator: string, limit: number) {
    const answer = await this.#options.client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }));
    const { clock, consumer, streamName: stream, telemetry } = this.#options;
    telemetry.gauge(metrics.streamLag, answer.MillisBehindLatest ?? 0, { stream, function: consumer.functionName });
    const nowMs = clock.nowMs();
    const records = (answer.Records ?? []).map((r) => ({
      sequenceNumber: r.SequenceNumber!,
      partitionKey: r.PartitionKey ?? '',
      data: r.Data ?? new Uint8Array(),
      arrivedAtMs: r.ApproximateArrivalTimestamp?.getTime() ?? nowMs,
    }));
    return { records, next: answer.NextShardIterator ?? null };
  }

  async #workOff(key: string, batch: readonly PolledRecord[]): Promise<void> {
    const { clock, consumer, invoke, streamName, checkpoints } = this.#options;
    let done = 0;
    await workOffBatch(
      {
        clock,
        rules: consumer,
        invoke: (part) => invoke(consumer.functionName, kinesisEvent(streamName, part)),
        bury: (record, error, attempts) => this.#bury(record, error, attempts),
        advance: (count) => {
          done += count;
          if (count > 0) checkpoints.write(key, batch[done - 1]!.sequenceNumber);
        },
        stopped: () => this.#stopped,
      },
      batch,
    );
  }

  /** Until the failure destination takes it: a record that cannot be put away is not given up. */
  async #bury(record: PolledRecord, error: string, attempts: number): Promise<void> {
    const { clock, telemetry, streamName: stream, consumer } = this.#options;
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#options.bury(record, error, attempts);
        break;
      } catch (failure) {
        this.#warn('bury', failure);
        if (this.#stopped) throw failure;
        await clock.sleep(pollBackoffMs(failures));
      }
    }
    telemetry.count(metrics.streamDead, 1, { stream, function: consumer.functionName });
    const source = `${stream}/${consumer.functionName}`;
    telemetry.log('error', logEvents.recordDead, { source, recordId: record.sequenceNumber, error });
  }

  #warn(step: string, error: unknown): void {
    const { streamName: stream, consumer, telemetry } = this.#options;
    if (this.#stopped) return;
    telemetry.log('warn', 'runner.stream-unreadable', {
      step,
      stream,
      function: consumer.functionName,
      error: String(error),
    });
  }
}

/** Batches that an invocation can carry; a record alone always can. */
export function cutBySize(records: readonly PolledRecord[], bytesMax = BATCH_BYTES_MAX): readonly PolledRecord[][] {
  const batches: PolledRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    if (bytes + record.data.byteLength > bytesMax) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(record);
    bytes += record.data.byteLength;
  }
  return batches;
}
