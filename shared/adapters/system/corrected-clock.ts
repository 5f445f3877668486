import type { Clock, ClockCorrection } from '#shared/ports/clock.ts';

export interface CorrectedClock extends Clock, ClockCorrection {}

/** The machine's clock, and what has to be added to it. */
export function correctedClock(machine: Clock): CorrectedClock {
  let correctionMs = 0;
  return {
    nowMs: () => machine.nowMs() + correctionMs,
    setTimer: (delayMs, fn) => machine.setTimer(delayMs, fn),
    sleep: (delayMs, signal) => machine.sleep(delayMs, signal),
    get correctionMs() {
      return correctionMs;
    },
    correct(ms) {
      correctionMs = Math.round(ms);
    },
  };
}
