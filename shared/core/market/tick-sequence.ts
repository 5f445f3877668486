import type { EpochMs } from '../time.ts';
import { RecentIds } from './recent-ids.ts';
import type { TradeTick } from './trade-tick.ts';

export interface TickSequenceLimits {
  /** Trade ids remembered to know duplicates by: at least this many, at most twice as many. */
  readonly rememberedIds: number;
  /** Trades waiting to be taken; beyond it the oldest are dropped and the next one carries a gap. */
  readonly maxPending: number;
  /** A trade that is older on arrival is stale, unless it came with a resumed batch. */
  readonly maxAgeMs: number;
  /** The same for trades of a resumed batch (the venue's backfill). */
  readonly maxBackfillAgeMs: number;
  /** A trade further ahead of our clock is not believed. */
  readonly maxFutureMs: number;
}

export interface Admission {
  readonly admitted: number;
  readonly duplicate: number;
  /** Arrived after a later trade had been taken: it cannot be delivered in order any more. */
  readonly late: number;
  readonly stale: number;
  readonly future: number;
  /** Dropped from the front because too many were waiting. */
  readonly overflow: number;
}

/** By time, the venue's own order within a millisecond kept; the batch itself when it is in order already, as it nearly always is. */
function inOrder(ticks: readonly TradeTick[]): readonly TradeTick[] {
  for (let i = 1; i < ticks.length; i += 1) {
    if (ticks[i - 1]!.venueTimeMs > ticks[i]!.venueTimeMs)
      return ticks.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs);
  }
  return ticks;
}

/**
 * The trades of one symbol on their way out: each at most once, in non-decreasing venue time. Where that is impossible
 * (a trade came too late, was not believable, was lost) the next trade is marked as having a hole before it.
 */
export class TickSequence {
  readonly #limits: TickSequenceLimits;
  /** Null before the first trade. */
  #ids: RecentIds | null = null;
  #pending: TradeTick[] = [];
  /** Pending trades with a hole right before them. */
  readonly #holesBefore = new Set<TradeTick>();
  /** The next trade to be admitted has a hole before it: so has the first of all, whose predecessors are unknown. */
  #holeAtEnd = true;
  #takenMs: EpochMs = -1;

  constructor(limits: TickSequenceLimits) {
    this.#limits = limits;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Takes in a batch as it arrived. `resumed`: the first one after a reconnection, see `TradeBatch`. */
  admit(batch: readonly TradeTick[], nowMs: EpochMs, resumed: boolean): Admission {
    const ticks = inOrder(batch);
    let duplicate = 0;
    let late = 0;
    let stale = 0;
    let future = 0;
    let admitted = 0;
    const { maxAgeMs, maxBackfillAgeMs, maxFutureMs } = this.#limits;
    const oldestMs = nowMs - (resumed ? maxBackfillAgeMs : maxAgeMs);
    const ids = this.#ids ?? this.#begin(ticks);
    if (resumed && !ticks.some((tick) => ids.has(tick.tradeId, tick.venueTimeMs))) this.#holeAtEnd = true;
    for (let i = 0; i < ticks.length; i += 1) {
      const tick = ticks[i]!;
      if (ids.has(tick.tradeId, tick.venueTimeMs)) {
        duplicate += 1;
      } else if (tick.venueTimeMs > nowMs + maxFutureMs) {
        future += 1;
        this.#holeAtEnd = true;
      } else if (tick.venueTimeMs < this.#takenMs) {
        late += 1;
        if (tick.venueTimeMs > ids.forgottenMs) this.#markFront();
        ids.add(tick.tradeId, tick.venueTimeMs);
      } else if (tick.venueTimeMs < oldestMs) {
        stale += 1;
        this.#markFront();
        ids.add(tick.tradeId, tick.venueTimeMs);
      } else {
        admitted += 1;
        ids.add(tick.tradeId, tick.venueTimeMs);
        this.#insert(tick);
      }
    }
    return { admitted, duplicate, late, stale, future, overflow: this.#shed() };
  }

  /** Up to `max` trades, oldest first; null when none is waiting. Never reaches across a hole: it is always before the first. */
  take(max: number): { readonly ticks: readonly TradeTick[]; readonly gap: boolean } | null {
    const pending = this.#pending;
    const first = pending[0];
    if (first === undefined) return null;
    const gap = this.#holesBefore.delete(first);
    let count = Math.min(max, pending.length);
    if (this.#holesBefore.size > 0) {
      for (let i = 1; i < count; i += 1) if (this.#holesBefore.has(pending[i]!)) count = i;
    }
    let ticks = pending;
    if (count === pending.length) this.#pending = [];
    else ticks = pending.splice(0, count);
    this.#takenMs = ticks[count - 1]!.venueTimeMs;
    return { ticks, gap };
  }

  /** What was taken last has been lost: says so with the next trade. */
  markLost(): void {
    this.#markFront();
  }

  #begin(ticks: readonly TradeTick[]): RecentIds {
    // Trades older than the first that we ever saw are not ours to miss.
    this.#ids = new RecentIds(this.#limits.rememberedIds, ticks[0]?.venueTimeMs ?? 0);
    return this.#ids;
  }

  #insert(tick: TradeTick): void {
    const pending = this.#pending;
    let at = pending.length;
    while (at > 0 && pending[at - 1]!.venueTimeMs > tick.venueTimeMs) at -= 1;
    if (at === pending.length) {
      pending.push(tick);
    } else {
      // On which side of a hole a latecomer lies is not known: then there is one on both.
      if (this.#holesBefore.size > 0 && this.#holesBefore.has(pending[at]!)) this.#holesBefore.add(tick);
      pending.splice(at, 0, tick);
    }
    if (this.#holeAtEnd) {
      this.#holesBefore.add(tick);
      this.#holeAtEnd = false;
    }
  }

  #markFront(): void {
    const first = this.#pending[0];
    if (first === undefined) this.#holeAtEnd = true;
    else this.#holesBefore.add(first);
  }

  #shed(): number {
    const excess = this.#pending.length - this.#limits.maxPending;
    if (excess <= 0) return 0;
    for (const tick of this.#pending.splice(0, excess)) this.#holesBefore.delete(tick);
    this.#markFront();
    return excess;
  }
}
