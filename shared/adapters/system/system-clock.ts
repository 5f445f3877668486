import { clearTimeout, setTimeout } from 'node:timers';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';

/** Node truncates longer delays to one millisecond. */
const DELAY_MAX_MS = 2_147_483_647;

/** The process's own, whatever a replay puts in its place (docs/adr/0002-virtual-time.md). */
const RealDate = Date;

/** Real time. A delay of zero runs in the next turn of the event loop, not a millisecond later. */
export const systemClock: Clock = {
  nowMs: () => RealDate.now(),

  setTimer(delayMs, fn): TimerHandle {
    if (delayMs <= 0) {
      const handle = setImmediate(fn);
      return { cancel: () => clearImmediate(handle) };
    }
    const handle = setTimeout(fn, Math.min(delayMs, DELAY_MAX_MS));
    return { cancel: () => clearTimeout(handle) };
  },

  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const handle = systemClock.setTimer(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = () => {
        handle.cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
