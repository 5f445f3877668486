import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';

/** What a handler may read of Lambda's context. */
export interface InvocationContext {
  readonly functionName: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/**
 * Plays "at least once": asked after each success, it answers the ms after which the same is delivered again, or null. Absent,
 * everything is delivered once unless it fails. Simulations pass a seeded one.
 */
export type Redelivery = () => number | null;

export type Handler = (event: unknown, context: InvocationContext) => Promise<unknown>;

export type InvocationResult =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: Error };

/** How long an order on its way may hold up the start of anything else. */
const YIELD_MAX_MS = 25;

export interface RegisterOptions {
  /** One invocation at a time, as reserved concurrency 1 gives it; the others wait their turn in order. */
  readonly serial?: boolean;
  /** Others wait a moment with their start while it runs: on AWS it has a machine of its own, here all share one thread. */
  readonly first?: boolean;
}

interface Registered {
  readonly handler: Handler;
  readonly timeoutMs: number;
  readonly first: boolean;
  /** Settles when the invocation before is over; null where invocations may overlap. */
  turn: Promise<void> | null;
}

/** Invokes handlers as Lambda would: counts, a deadline, an error is an answer and never a crash of the platform. */
export class Invoker {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #handlers = new Map<string, Registered>();
  readonly #counts = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #inFlight = 0;
  #firstInFlight = 0;
  #yielding: (() => void)[] = [];
  #sequence = 0;

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  register(name: string, handler: Handler, timeoutMs: number, options: RegisterOptions = {}): void {
    const { serial = false, first = false } = options;
    for (const counter of [metrics.invocations, metrics.functionErrors]) {
      this.#telemetry.count(counter, 0, { function: name });
    }
    this.#handlers.set(name, { handler, timeoutMs, first, turn: serial ? Promise.resolve() : null });
  }

  /** Never throws. A handler that outlives its timeout is answered as failed; what it still does is not awaited. */
  async invoke(name: string, event: unknown): Promise<InvocationResult> {
    const entry = this.#handlers.get(name);
    if (!entry) return { kind: 'failed', error: new Error(`no function named ${name}`) };
    if (entry.turn === null) return this.#invokeNow(name, entry, event);
    const result = entry.turn.then(() => this.#invokeNow(name, entry, event));
    entry.turn = result.then(() => {});
    return result;
  }

  async #invokeNow(name: string, entry: Registered, event: unknown): Promise<InvocationResult> {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#inFlight += 1;
    if (entry.first) this.#firstInFlight += 1;
    else if (this.#firstInFlight > 0) await this.#yield();
    this.#sequence += 1;
    const deadlineMs = this.#clock.nowMs() + entry.timeoutMs;
    const context: InvocationContext = {
      functionName: name,
      awsRequestId: `${name}-${this.#sequence}`,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - this.#clock.nowMs()),
    };
    const began = performance.now();
    try {
      const value = await this.#withDeadline(entry.handler(event, context), name, entry.timeoutMs);
      return { kind: 'ok', value };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
      this.#telemetry.count(metrics.functionErrors, 1, { function: name });
      this.#telemetry.log('error', 'function.failed', { function: name, error: error.message, stack: error.stack });
      return { kind: 'failed', error };
    } finally {
      this.#inFlight -= 1;
      if (entry.first) this.#firstDone();
      this.#telemetry.count(metrics.invocations, 1, { function: name });
      this.#telemetry.timing(metrics.functionMs, performance.now() - began, { function: name });
    }
  }

  #yield(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(YIELD_MAX_MS, resolve);
      this.#yielding.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #firstDone(): void {
    this.#firstInFlight -= 1;
    if (this.#firstInFlight > 0) return;
    const yielding = this.#yielding;
    this.#yielding = [];
    for (const goOn of yielding) goOn();
  }

  #withDeadline<T>(work: Promise<T>, name: string, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => reject(new Error(`${name} timed out after ${timeoutMs} ms`)));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  failures(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#failures].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
