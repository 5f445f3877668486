import type { EpochMs } from '#shared/core/time.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';

/** Node's own, kept before anything patches the globals (see virtual-globals.ts). */
const realSetImmediate = globalThis.setImmediate;

interface Timer {
  readonly atMs: EpochMs;
  readonly seq: number;
  readonly fn: () => void;
  cancelled: boolean;
}

const before = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq);

/** Timers that may fire at one instant: far more than any work takes. More is a loop that real time would have slowed down. */
const TIMERS_OF_ONE_INSTANT_MAX = 100_000;

/** Lets every promise that can run, run. Code under a virtual clock waits on promises and on the clock, nothing else. */
export const settlePromises = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve));

/**
 * A clock that moves only when told. Timers fire one at a time, in order of (time, creation), and what each one started is
 * allowed to come to rest before the next fires: the same program gives the same order of effects every time.
 */
export class VirtualClock implements Clock {
  #nowMs: EpochMs;
  #seq = 0;
  #firedAtMs: EpochMs = Number.NEGATIVE_INFINITY;
  #firedThere = 0;
  readonly #heap: Timer[] = [];
  readonly #quiesce: () => Promise<void>;

  /** `quiesce` waits until nothing more can happen at this instant; by default, until all promises settled. */
  constructor(startMs: EpochMs, quiesce: () => Promise<void> = settlePromises) {
    this.#nowMs = startMs;
    this.#quiesce = quiesce;
  }

  nowMs(): EpochMs {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fn: () => void): TimerHandle {
    const delay = Number.isFinite(delayMs) && delayMs > 0 ? Math.ceil(delayMs) : 0;
    const timer: Timer = { atMs: this.#nowMs + delay, seq: this.#seq++, fn, cancelled: false };
    this.#push(timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.setTimer(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** When the next timer is due; null when none is set. */
  nextTimerAtMs(): EpochMs | null {
    while (this.#heap[0]?.cancelled) this.#pop();
    return this.#heap[0]?.atMs ?? null;
  }

  /** Fires everything due up to and including `atMs`, then stands at `atMs`. Never moves backwards. */
  async advanceTo(atMs: EpochMs): Promise<void> {
    await this.#quiesce();
    for (let next = this.nextTimerAtMs(); next !== null && next <= atMs; next = this.nextTimerAtMs()) {
      await this.fireNext();
    }
    if (atMs > this.#nowMs) this.#nowMs = atMs;
  }

  /** Fires the one timer that is due next, at its time, and lets it come to rest. False when there is none. */
  async fireNext(): Promise<boolean> {
    if (this.nextTimerAtMs() === null) return false;
    const timer = this.#pop();
    if (timer.atMs > this.#nowMs) this.#nowMs = timer.atMs;
    this.#countInstant();
    timer.fn();
    await this.#quiesce();
    return true;
  }

  /** Stands at `atMs` without firing what is due just then: for what has to arrive before the timers of an instant. */
  moveTo(atMs: EpochMs): void {
    const next = this.nextTimerAtMs();
    if (next !== null && next < atMs) throw new RangeError(`a timer is due at ${next}, before ${atMs}`);
    if (atMs > this.#nowMs) this.#nowMs = atMs;
  }

  async advanceBy(ms: number): Promise<void> {
    await this.advanceTo(this.#nowMs + ms);
  }

  #countInstant(): void {
    this.#firedThere = this.#firedAtMs === this.#nowMs ? this.#firedThere + 1 : 1;
    this.#firedAtMs = this.#nowMs;
    if (this.#firedThere <= TIMERS_OF_ONE_INSTANT_MAX) return;
    throw new Error(`time stands still at ${this.#nowMs}: ${this.#firedThere} timers fired there`);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
        if (!before(heap[child]!, last)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = last;
    }
    return top;
  }
}
