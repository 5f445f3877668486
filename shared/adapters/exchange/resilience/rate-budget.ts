import { isFromFuture } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { CallClass } from './call-class.ts';

const SLOTS = 60;
const SLOT_MS = 1000;

/**
 * How full the last minute may be for a class to get a call through. What lies above `market-data` is reserved for trading,
 * above `open` for leaving, above `status` for reduces and cancels, which our own estimate never stops.
 */
const CEILING: Readonly<Record<CallClass, number>> = {
  'market-data': 0.7,
  open: 0.8,
  status: 0.95,
  reduce: Number.POSITIVE_INFINITY,
  protect: Number.POSITIVE_INFINITY,
};

/** The venue's rate limit as seen from this process: a window of 60 one-second slots of weight. */
export class RateBudget {
  readonly #clock: Clock;
  readonly #weightPerMinute: number;
  readonly #weights = new Array<number>(SLOTS).fill(0);
  #newestSlot: number;
  #refused = { atMs: 0, forMs: 0 };

  constructor(clock: Clock, weightPerMinute: number) {
    if (!(weightPerMinute > 0)) throw new RangeError('weightPerMinute must be positive');
    this.#clock = clock;
    this.#weightPerMinute = weightPerMinute;
    this.#newestSlot = Math.floor(clock.nowMs() / SLOT_MS);
  }

  /** Books `weight` and returns 0, or books nothing and returns how many milliseconds to wait before asking again. */
  take(callClass: CallClass, weight: number): number {
    const ceiling = this.#weightPerMinute * CEILING[callClass];
    const used = this.usedWeight();
    const nowMs = this.#clock.nowMs();
    if (ceiling !== Number.POSITIVE_INFINITY) {
      const quietMs = this.#quietMs(nowMs);
      if (quietMs > 0) return quietMs;
      if (used + weight > ceiling) return this.#waitMs(used + weight - ceiling, nowMs);
    }
    this.charge(weight);
    return 0;
  }

  /** Books weight that is only known afterwards: venues charge long replies by their length. */
  charge(weight: number): void {
    this.#advance();
    const index = this.#newestSlot % SLOTS;
    this.#weights[index] = (this.#weights[index] ?? 0) + weight;
  }

  /** The venue refused: everything but reduces and cancels keeps quiet until it said, or for `defaultMs`. */
  refused(retryAfterMs: number | null, defaultMs: number): void {
    const atMs = this.#clock.nowMs();
    this.#refused = { atMs, forMs: Math.max(this.#quietMs(atMs), retryAfterMs ?? defaultMs) };
  }

  /** Weight booked in the last minute. */
  usedWeight(): number {
    this.#advance();
    return this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** How long the venue's last refusal still holds. One from the future was heard by a clock that was ahead. */
  #quietMs(nowMs: EpochMs): number {
    const { atMs, forMs } = this.#refused;
    return isFromFuture(atMs, nowMs) ? 0 : Math.max(0, atMs + forMs - nowMs);
  }

  #advance(): void {
    const nowMs = this.#clock.nowMs();
    const slot = Math.floor(nowMs / SLOT_MS);
    // A clock that was ahead: what is booked counts from now on, or it would fill the window until that time has come.
    if (isFromFuture(this.#newestSlot * SLOT_MS, nowMs)) this.#newestSlot = slot;
    const passed = Math.min(SLOTS, slot - this.#newestSlot);
    for (let i = 1; i <= passed; i += 1) this.#weights[(this.#newestSlot + i) % SLOTS] = 0;
    if (slot > this.#newestSlot) this.#newestSlot = slot;
  }

  /** Time until `excess` weight has left the window; a whole window when it never fits. */
  #waitMs(excess: number, nowMs: number): number {
    let freed = 0;
    for (let age = SLOTS - 1; age >= 0; age -= 1) {
      freed += this.#weights[(this.#newestSlot - age + SLOTS * 2) % SLOTS] ?? 0;
      if (freed >= excess) return (this.#newestSlot - age + SLOTS) * SLOT_MS - nowMs;
    }
    return SLOTS * SLOT_MS;
  }
}
