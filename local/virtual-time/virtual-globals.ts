import { AsyncLocalStorage } from 'node:async_hooks';
import type { VirtualClock } from './virtual-clock.ts';

const real = new AsyncLocalStorage<true>();

/** Runs something with the process's own timers although virtual ones are installed: the page's HTTP server during a replay. */
export const inRealTime = <T>(fn: () => T): T => real.run(true, fn);

/**
 * Makes the process's own timers and `Date` follow a virtual clock, so that libraries with timers of their own (ccxt's
 * nonce, cockatiel's timeouts and waits, ws) live in market time. Returns the function that restores the real ones.
 * Only replays and simulation tests call it; why not inject: docs/adr/0002-virtual-time.md.
 */
export function installVirtualGlobals(clock: VirtualClock): () => void {
  const own = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    Date: globalThis.Date,
  };
  const g = globalThis as unknown as Record<string, unknown>;
  g.setTimeout = (fn: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
    real.getStore()
      ? own.setTimeout(fn, delayMs, ...args)
      : new VirtualTimeout(clock, fn, Number(delayMs) || 0, args, false);
  g.setInterval = (fn: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
    real.getStore()
      ? own.setInterval(fn, delayMs, ...args)
      : new VirtualTimeout(clock, fn, Math.max(1, Number(delayMs) || 0), args, true);
  // A timer made before the switch is still a real one.
  g.clearTimeout = (t: unknown) => (t instanceof VirtualTimeout ? t.close() : own.clearTimeout(t as never));
  g.clearInterval = (t: unknown) => (t instanceof VirtualTimeout ? t.close() : own.clearInterval(t as never));
  g.Date = virtualDate(own.Date, clock);
  return () => {
    Object.assign(globalThis, own);
  };
}

/** Looks like Node's Timeout object as far as libraries look. */
class VirtualTimeout {
  readonly #clock: VirtualClock;
  readonly #fire: () => void;
  readonly #delayMs: number;
  #cancel: () => void;
  #open = true;

  constructor(
    clock: VirtualClock,
    fn: (...args: unknown[]) => void,
    delayMs: number,
    args: unknown[],
    repeat: boolean,
  ) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#fire = () => {
      if (!this.#open) return;
      if (repeat) this.#arm();
      else this.#open = false;
      fn(...args);
    };
    this.#cancel = () => {};
    this.#arm();
  }

  #arm(): void {
    const handle = this.#clock.setTimer(this.#delayMs, this.#fire);
    this.#cancel = () => handle.cancel();
  }

  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  refresh(): this {
    this.#cancel();
    this.#open = true;
    this.#arm();
    return this;
  }
  close(): this {
    this.#open = false;
    this.#cancel();
    return this;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

function virtualDate(RealDate: DateConstructor, clock: VirtualClock): DateConstructor {
  return class extends RealDate {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(clock.nowMs());
      else super(...(args as [number]));
    }
    static override now(): number {
      return clock.nowMs();
    }
  } as DateConstructor;
}
