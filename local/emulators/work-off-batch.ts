import { judgeAge } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { InvocationResult, Redelivery } from './invoker.ts';
import { batchItemFailures } from './sqs-envelope.ts';

/** A record of a stream as its consumers see it, whichever stream it is. */
export interface BatchRecord {
  readonly sequenceNumber: string;
  readonly arrivedAtMs: number;
}

/** What an event source mapping of a stream is set to. */
export interface BatchRules {
  /** After that many failed tries a record goes to the failure destination and the shard moves on. */
  readonly maxRetries: number;
  /** Records older than this go there unread. */
  readonly maxRecordAgeMs: number;
}

export interface BatchWork<R extends BatchRecord> {
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>;
  readonly rules: BatchRules;
  invoke(part: readonly R[]): Promise<InvocationResult>;
  /** Puts a record that is given up into the failure destination. */
  bury(record: R, error: string, attempts: number): Promise<void>;
  /** The next `count` records are done or buried: the checkpoint moves past them. */
  advance(count: number): void;
  /** True ends the work between two invocations; what is left comes again after a restart. */
  stopped(): boolean;
  readonly redelivery?: Redelivery;
}

const RETRY_WAIT_MAX_MS = 10_000;

/**
 * Works through a batch until every record of it is done or dead, by the rules of an event source mapping: order kept, the lowest
 * reported failure is the checkpoint, a failing batch is bisected, retries and age are bounded, poison is put away.
 */
export async function workOffBatch<R extends BatchRecord>(work: BatchWork<R>, batch: readonly R[]): Promise<void> {
  const { clock, rules } = work;
  let pending = batch;
  let size = batch.length;
  let tries = 0;
  let repeated = false;
  const bury = async (error: string): Promise<void> => {
    await work.bury(pending[0]!, error, tries);
    work.advance(1);
    pending = pending.slice(1);
    tries = 0;
  };
  while (pending.length > 0 && !work.stopped()) {
    if (judgeAge(clock.nowMs() - pending[0]!.arrivedAtMs, rules.maxRecordAgeMs) === 'too-old') {
      await bury('record is older than the maximum record age');
      continue;
    }
    const part = pending.slice(0, size);
    const result = await work.invoke(part);
    const failedAt = result.kind === 'failed' ? 0 : firstFailure(part, result.value);
    const againMs = failedAt === -1 && !repeated ? (work.redelivery?.() ?? null) : null;
    if (againMs !== null) {
      // Its checkpoint was lost: the same records come again.
      repeated = true;
      await clock.sleep(againMs);
      continue;
    }
    repeated = false;
    const done = failedAt === -1 ? part.length : failedAt;
    work.advance(done);
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
    if (tries > rules.maxRetries) {
      await bury(result.kind === 'failed' ? result.error.message : 'reported as failed by the function');
      size = batch.length;
    } else {
      await clock.sleep(Math.min(RETRY_WAIT_MAX_MS, 100 * 2 ** tries));
    }
  }
}

/** Index of the lowest reported failure, or -1. */
function firstFailure(batch: readonly BatchRecord[], answer: unknown): number {
  const failed = batchItemFailures(answer);
  return failed.size === 0 ? -1 : batch.findIndex((r) => failed.has(r.sequenceNumber));
}
