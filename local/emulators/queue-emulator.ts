import { isDue, isFromFuture } from '#shared/core/age.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';
import { metrics } from '#shared/telemetry/names.ts';
import type { Invoker, Redelivery } from './invoker.ts';
import { batchItemFailures, sqsEvent } from './sqs-envelope.ts';

export interface QueueSpec {
  readonly fifo: boolean;
  readonly functionName: string;
  /** Most messages per invocation (Lambda: 10 without a window). */
  readonly batchSize: number;
  /** Invocations at once (the mapping's maximum concurrency). FIFO groups are serial whatever it says. */
  readonly maxConcurrency: number;
  /** A failed message is seen again after this long. */
  readonly visibilityMs: number;
  /** Receives before the message goes to the dead letters. */
  readonly maxReceiveCount: number;
  readonly capacityMessages: number;
  /** Hands over in the turn of `send` instead of the next: nothing else that waits for its turn comes before. */
  readonly atOnce?: boolean;
}

interface Stored {
  readonly id: string;
  readonly message: QueueMessage;
  readonly sentAtMs: number;
  /** Not handed out for `hiddenMs` from this time on. */
  hiddenAtMs: number;
  hiddenMs: number;
  receiveCount: number;
  firstReceivedAtMs: number | null;
  inFlight: boolean;
}

/** Hidden by a clock that was ahead, it would not be seen again until that time has come. */
const visibleAtMs = ({ hiddenAtMs, hiddenMs }: Stored, nowMs: number): number =>
  isFromFuture(hiddenAtMs, nowMs) ? nowMs : hiddenAtMs + hiddenMs;

const BODY_MAX_BYTES = 262_144;
const DEDUPLICATION_MS = 300_000;

/** One SQS queue and its event source mapping: at least once, in order per group (FIFO), dead letters with payload. */
export class QueueEmulator implements WorkQueue {
  readonly name: string;
  readonly #spec: QueueSpec;
  readonly #clock: Clock;
  readonly #invoker: Invoker;
  readonly #deadLetters: Pick<DeadLetters, 'store'>;
  readonly #telemetry: Telemetry;
  readonly #redelivery: Redelivery;
  readonly #messages: Stored[] = [];
  readonly #seen = new Map<string, number>();
  #sequence = 0;
  #running = 0;
  #timer: TimerHandle | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
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
    spec: QueueSpec,
  ) {
    this.name = name;
    this.#spec = spec;
    this.#clock = deps.clock;
    this.#invoker = deps.invoker;
    this.#deadLetters = deps.deadLetters;
    this.#telemetry = deps.telemetry;
    this.#telemetry.count(metrics.queueDead, 0, { queue: name });
    this.#redelivery = deps.redelivery ?? (() => null);
  }

  send(messages: readonly QueueMessage[]): Promise<void> {
    for (const message of messages) {
      const problem = this.#check(message);
      if (problem) return Promise.reject(problem);
      if (this.#isDuplicate(message)) continue;
      this.#sequence += 1;
      const now = this.#clock.nowMs();
      this.#messages.push({
        id: `${this.name}-${this.#sequence}`,
        message,
        sentAtMs: now,
        hiddenAtMs: now,
        hiddenMs: 1000 * (message.delaySeconds ?? 0),
        receiveCount: 0,
        firstReceivedAtMs: null,
        inFlight: false,
      });
    }
    this.#handOver();
    return Promise.resolve();
  }

  /** Messages not yet done, in flight included. */
  get backlog(): number {
    return this.#messages.length;
  }

  /** Tells how many messages wait. */
  reportDepth(): void {
    const waiting = this.#messages.filter((message) => !message.inFlight).length;
    this.#telemetry.gauge(metrics.queueDepth, waiting, { queue: this.name });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #check(message: QueueMessage): QueueError | null {
    if (this.#messages.length >= this.#spec.capacityMessages) {
      return new QueueError(`queue ${this.name} is full (${this.#spec.capacityMessages} messages)`, true);
    }
    if (message.body.length > BODY_MAX_BYTES) return new QueueError(`message over ${BODY_MAX_BYTES} bytes`, false);
    if (this.#spec.fifo && (!message.groupId || !message.deduplicationId)) {
      return new QueueError(`queue ${this.name} is FIFO: groupId and deduplicationId are required`, false);
    }
    if (this.#spec.fifo && message.delaySeconds) {
      return new QueueError(`queue ${this.name} is FIFO: no delay per message`, false);
    }
    return null;
  }

  #isDuplicate(message: QueueMessage): boolean {
    if (!this.#spec.fifo || message.deduplicationId === undefined) return false;
    const now = this.#clock.nowMs();
    for (const [id, atMs] of this.#seen) {
      if (!isDue(atMs, now, DEDUPLICATION_MS)) break;
      this.#seen.delete(id);
    }
    if (this.#seen.has(message.deduplicationId)) return true;
    this.#seen.set(message.deduplicationId, now);
    return false;
  }

  #handOver(): void {
    if (this.#spec.atOnce && this.#nextVisibleAtMs() <= this.#clock.nowMs()) void this.#poll();
    else this.#arm();
  }

  /** Sets the timer for the earliest message that could be handed out. */
  #arm(): void {
    if (this.#stopped || this.#running >= this.#spec.maxConcurrency) return;
    const atMs = this.#nextVisibleAtMs();
    if (atMs === Number.POSITIVE_INFINITY) return;
    if (this.#timer && this.#timerAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.setTimer(atMs - this.#clock.nowMs(), () => {
      this.#timer = null;
      void this.#poll();
    });
  }

  #nextVisibleAtMs(): number {
    const now = this.#clock.nowMs();
    let atMs = Number.POSITIVE_INFINITY;
    const groups = new Set<string>();
    for (const m of this.#messages) {
      if (this.#spec.fifo) {
        // Only the oldest message of a group can be handed out.
        if (groups.has(m.message.groupId!)) continue;
        groups.add(m.message.groupId!);
      }
      if (!m.inFlight) atMs = Math.min(atMs, visibleAtMs(m, now));
    }
    return atMs;
  }

  async #poll(): Promise<void> {
    if (this.#stopped || this.#running >= this.#spec.maxConcurrency) return;
    const batch = await this.#receive();
    if (batch.length === 0) {
      this.#arm();
      return;
    }
    this.#running += 1;
    this.#arm();
    try {
      const event = sqsEvent(this.name, batch.map(envelopeOf));
      const result = await this.#invoker.invoke(this.#spec.functionName, event);
      const failed = result.kind === 'failed' ? new Set(batch.map((m) => m.id)) : batchItemFailures(result.value);
      this.#finish(batch, failed);
    } finally {
      this.#running -= 1;
      this.#handOver();
    }
  }

  async #receive(): Promise<Stored[]> {
    const now = this.#clock.nowMs();
    const blocked = new Set<string>();
    const batch: Stored[] = [];
    const dead: Stored[] = [];
    for (const m of this.#messages) {
      if (batch.length >= this.#spec.batchSize) break;
      const group = this.#spec.fifo ? m.message.groupId! : null;
      if (m.inFlight || visibleAtMs(m, now) > now) {
        if (group) blocked.add(group);
        continue;
      }
      if (group && blocked.has(group)) continue;
      if (m.receiveCount >= this.#spec.maxReceiveCount) {
        dead.push(m);
        continue;
      }
      m.inFlight = true;
      m.receiveCount += 1;
      m.firstReceivedAtMs ??= now;
      batch.push(m);
    }
    for (const m of dead) await this.#bury(m);
    return batch;
  }

  async #bury(m: Stored): Promise<void> {
    this.#telemetry.count(metrics.queueDead, 1, { queue: this.name });
    await this.#deadLetters.store({
      source: this.name,
      recordId: m.id,
      error: `received ${m.receiveCount} times without success`,
      payload: m.message.body,
      attempts: m.receiveCount,
    });
    this.#remove(m);
  }

  #finish(batch: readonly Stored[], failed: ReadonlySet<string>): void {
    // In a FIFO group everything after a failed message is seen again too.
    const failedGroups = new Set<string>();
    for (const m of batch) {
      const group = this.#spec.fifo ? m.message.groupId! : null;
      if (failed.has(m.id) || (group && failedGroups.has(group))) {
        m.inFlight = false;
        m.hiddenAtMs = this.#clock.nowMs();
        m.hiddenMs = this.#spec.visibilityMs;
        if (group) failedGroups.add(group);
        continue;
      }
      const againMs = m.receiveCount < this.#spec.maxReceiveCount ? this.#redelivery() : null;
      if (againMs === null) {
        this.#remove(m);
      } else {
        // Its deletion was lost: the message stays, and in a FIFO group so does what follows it.
        m.inFlight = false;
        m.hiddenAtMs = this.#clock.nowMs();
        m.hiddenMs = againMs;
        if (group) failedGroups.add(group);
      }
    }
  }

  #remove(m: Stored): void {
    const index = this.#messages.indexOf(m);
    if (index >= 0) this.#messages.splice(index, 1);
  }
}

const envelopeOf = (m: Stored) => ({
  messageId: m.id,
  body: m.message.body,
  receiveCount: m.receiveCount,
  sentAtMs: m.sentAtMs,
  firstReceivedAtMs: m.firstReceivedAtMs ?? m.sentAtMs,
  ...(m.message.groupId === undefined ? {} : { groupId: m.message.groupId }),
  ...(m.message.deduplicationId === undefined ? {} : { deduplicationId: m.message.deduplicationId }),
});
