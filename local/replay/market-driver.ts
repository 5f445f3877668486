import { setTimeout as realSetTimeout } from 'node:timers';
import type { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import type { ReplaySimulator } from './replay-simulator.ts';

export interface MarketDriverParts {
  readonly clock: VirtualClock;
  /** Resolves when everything that the last instant set off has come to rest; the clock's. */
  readonly quiesce: () => Promise<void>;
  readonly simulator: Pick<ReplaySimulator, 'nextEventAtMs' | 'advance'>;
  readonly pace: Pace;
}

/** Ties market time to real time. */
export interface Pace {
  /** Real milliseconds until market time may be `atMs`; 0 or less: at once. */
  waitMs(atMs: number): number;
}

export const atFullSpeed: Pace = { waitMs: () => 0 };

/** `speed` times real time from now on. */
export function timesRealTime(speed: number, fromMs: number): Pace {
  const beganMs = performance.now();
  return { waitMs: (atMs) => (atMs - fromMs) / speed - (performance.now() - beganMs) };
}

/** A wait is cut into pieces, so that a stop is heard at once and a machine that slept does not oversleep. */
const WAIT_PIECE_MS = 100;

/**
 * Moves market time: to the next thing that is due at the venue or on the platform's clock, one instant and one timer at a
 * time, each only after everything that the one before set off has come to rest. What the venue sends at an instant arrives
 * before the timers of that instant fire.
 */
export class MarketDriver {
  readonly #parts: MarketDriverParts;
  #advances = 0;
  #advanceMs = 0;
  #timers = 0;

  constructor(parts: MarketDriverParts) {
    this.#parts = parts;
  }

  get advances(): number {
    return this.#advances;
  }

  counters(): { readonly advances: number; readonly advanceMs: number; readonly timers: number } {
    return { advances: this.#advances, advanceMs: this.#advanceMs, timers: this.#timers };
  }

  /** Market time of the next thing that is due; null when nothing ever will be. Only when all is at rest. */
  nextAtMs(): number | null {
    const timer = this.#parts.clock.nextTimerAtMs();
    const event = this.#parts.simulator.nextEventAtMs();
    if (timer === null || event === null) return timer ?? event;
    return Math.min(timer, event);
  }

  /**
   * Runs until nothing more is due up to `limitMs`, and stands at it. `pause` is asked between two instants, with everything
   * at rest: true ends the run early. Returns whether it was ended early.
   */
  async runTo(limitMs: number, pause: () => boolean): Promise<boolean> {
    const { clock, simulator, quiesce, pace } = this.#parts;
    await quiesce();
    for (;;) {
      const atMs = this.nextAtMs();
      if (atMs === null || atMs > clock.nowMs()) {
        if (pause()) return true;
        if (atMs === null || atMs > limitMs) break;
        if (!(await this.#wait(pace, atMs, pause))) return true;
      }
      await this.#step(atMs);
    }
    if (limitMs > clock.nowMs()) clock.moveTo(limitMs);
    simulator.advance(limitMs);
    return false;
  }

  /** Runs as far as it takes for `work` to end, at most to `limitMs`; throws what it throws, or that it did not end. */
  async runUntilDone<T>(work: Promise<T>, what: string, limitMs: number): Promise<T> {
    let ended = false;
    work.then(
      () => {
        ended = true;
      },
      () => {
        ended = true;
      },
    );
    await this.runTo(limitMs, () => ended);
    if (!ended) throw new Error(`${what} did not end within its market time`);
    return work;
  }

  async #step(atMs: number): Promise<void> {
    const { clock, simulator, quiesce } = this.#parts;
    const eventAtMs = simulator.nextEventAtMs();
    if (eventAtMs !== null && eventAtMs <= atMs) {
      clock.moveTo(atMs);
      const began = performance.now();
      simulator.advance(atMs);
      this.#advances += 1;
      this.#advanceMs += performance.now() - began;
      await quiesce();
      return;
    }
    // What the timer asks of the venue is asked at this instant.
    simulator.advance(atMs);
    this.#timers += 1;
    await clock.fireNext();
  }

  /** False when the run was ended while it waited. */
  async #wait(pace: Pace, atMs: number, pause: () => boolean): Promise<boolean> {
    for (let waitMs = pace.waitMs(atMs); waitMs > 0; waitMs = pace.waitMs(atMs)) {
      await new Promise((resolve) => realSetTimeout(resolve, Math.min(waitMs, WAIT_PIECE_MS)));
      if (pause()) return false;
    }
    return true;
  }
}
