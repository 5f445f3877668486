import { slotOf } from '#shared/core/time.ts';
import type { ScheduledJob } from '#shared/messages/scheduled-job.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import type { Invoker } from './invoker.ts';
import { sqsEvent } from './sqs-envelope.ts';

export interface ScheduleSpec {
  readonly job: string;
  readonly functionName: string;
  readonly cadenceMs: number;
  /** Fires this long after the slot begins, so that jobs of one cadence do not all start at once. */
  readonly phaseMs?: number;
  /** EventBridge Scheduler's MaximumRetryAttempts; the retries wait 1, 2, 4 … s. */
  readonly retryAttempts?: number;
}

/** EventBridge Scheduler has minutes only: a shorter cadence arrives through a delayed SQS message (docs/adr/0003). */
const DIRECT_CADENCE_MIN_MS = 60_000;

/**
 * Plays EventBridge Scheduler: one invocation per slot of market time, with the Input that a schedule would carry.
 * Slots missed while the machine slept are dropped, not replayed in a burst. A slot whose predecessor still runs is
 * skipped and counted: schedules must not overlap with themselves here, as reserved concurrency 1 does on AWS.
 */
export class ScheduleEmulator {
  readonly #clock: Clock;
  readonly #invoker: Invoker;
  readonly #telemetry: Telemetry;
  readonly #timers = new Map<string, TimerHandle>();
  readonly #running = new Set<string>();
  readonly #slots = new Map<string, number>();
  #stopped = false;

  constructor(clock: Clock, invoker: Invoker, telemetry: Telemetry) {
    this.#clock = clock;
    this.#invoker = invoker;
    this.#telemetry = telemetry;
  }

  start(spec: ScheduleSpec): void {
    for (const counter of [metrics.slotsDropped, metrics.slotsOverlapped]) {
      this.#telemetry.count(counter, 0, { job: spec.job });
    }
    this.#arm(spec, slotOf(this.#clock.nowMs(), spec.cadenceMs) + spec.cadenceMs);
  }

  #arm(spec: ScheduleSpec, slotMs: number): void {
    if (this.#stopped) return;
    const dueMs = slotMs + (spec.phaseMs ?? 0);
    const handle = this.#clock.setTimer(dueMs - this.#clock.nowMs(), () => {
      const now = this.#clock.nowMs();
      const current = slotOf(now - (spec.phaseMs ?? 0), spec.cadenceMs);
      if (current > slotMs) {
        const dropped = (current - slotMs) / spec.cadenceMs;
        this.#telemetry.count(metrics.slotsDropped, dropped, { job: spec.job });
      }
      this.#arm(spec, current + spec.cadenceMs);
      void this.#fire(spec, current);
    });
    this.#timers.set(spec.functionName, handle);
  }

  async #fire(spec: ScheduleSpec, slotMs: number): Promise<void> {
    if (this.#running.has(spec.functionName)) {
      this.#telemetry.count(metrics.slotsOverlapped, 1, { job: spec.job });
      return;
    }
    this.#running.add(spec.functionName);
    this.#slots.set(spec.functionName, (this.#slots.get(spec.functionName) ?? 0) + 1);
    try {
      for (let attempt = 1; attempt <= 1 + (spec.retryAttempts ?? 1); attempt += 1) {
        if (attempt > 1) await this.#clock.sleep(1_000 * 2 ** (attempt - 2));
        if (this.#stopped) return;
        const result = await this.#invoker.invoke(spec.functionName, scheduleEvent(spec, slotMs, attempt));
        if (result.kind === 'ok') return;
      }
    } finally {
      this.#running.delete(spec.functionName);
    }
  }

  /** Slots fired so far, by function: without retries, and without those that were dropped or skipped. */
  slots(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#slots].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  stop(): void {
    this.#stopped = true;
    for (const handle of this.#timers.values()) handle.cancel();
    this.#timers.clear();
  }
}

/** The schedule's Input as the function receives it: bare, or as the body of an SQS record below a minute. */
export function scheduleEvent(spec: Pick<ScheduleSpec, 'job' | 'cadenceMs'>, slotMs: number, attempt: number): unknown {
  const input: ScheduledJob = {
    v: 1,
    type: 'schedule',
    job: spec.job,
    scheduledTime: new Date(slotMs).toISOString(),
    executionId: `${spec.job}-${slotMs}`,
    attempt,
  };
  if (spec.cadenceMs >= DIRECT_CADENCE_MIN_MS) return input;
  return sqsEvent(`${spec.job}-schedule`, [
    {
      messageId: `${spec.job}-${slotMs}-${attempt}`,
      body: JSON.stringify(input),
      receiveCount: attempt,
      sentAtMs: slotMs,
    },
  ]);
}
