import type { EpochMs } from '#shared/core/time.ts';

export interface TimerHandle {
  cancel(): void;
}

/** The only time that use cases and emulators know. System, or virtual (a replay, a simulation test). */
export interface Clock {
  nowMs(): EpochMs;
  /** Runs `fn` once at or after `delayMs` (≥ 0). On a virtual clock timers of one instant fire in the order they were set. */
  setTimer(delayMs: number, fn: () => void): TimerHandle;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Sets the time of a process by the venue's: whatever was given the same clock follows at once. Timers are not moved. */
export interface ClockCorrection {
  /** What is added to the machine's own time; 0 while that is right. */
  readonly correctionMs: number;
  correct(correctionMs: number): void;
}
