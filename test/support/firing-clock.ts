import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import type { Clock } from '#shared/ports/clock.ts';

/** A clock that stands still until told; a wait for it lets real sockets do their work. */
export function firingClock(startMs = 1_000_000): Clock & { fireUntil(elapsedMs: number): Promise<void> } {
  const clock = new VirtualClock(startMs);
  return {
    nowMs: () => clock.nowMs(),
    setTimer: (delayMs, fn) => clock.setTimer(delayMs, fn),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    fireUntil: async (elapsedMs) => {
      for (let at = clock.nextTimerAtMs(); at !== null && at <= startMs + elapsedMs; at = clock.nextTimerAtMs()) {
        await clock.fireNext();
      }
    },
  };
}
