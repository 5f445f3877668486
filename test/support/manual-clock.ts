import type { Clock } from '#shared/ports/clock.ts';

/** A clock that stands still until a test sets it. `sleep` moves it and returns at once; timers never fire. */
export function manualClock(startMs = 1_000_000): Clock & { set(nowMs: number): void } {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    set: (next) => {
      nowMs = next;
    },
    setTimer: () => ({ cancel: () => {} }),
    sleep: async (delayMs) => {
      nowMs += delayMs;
    },
  };
}
