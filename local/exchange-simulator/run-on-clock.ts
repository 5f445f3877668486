import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { ExchangeSimulator } from './exchange-simulator.ts';

/**
 * Lets a clock drive a simulator of mode `clock`: one timer, always armed for the simulator's next event, at most every
 * `minStepMs` so that a fast market is worked off in batches.
 */
export function runOnClock(simulator: ExchangeSimulator, clock: Clock, minStepMs = 0): { stop(): void } {
  let timer: TimerHandle | null = null;
  let armedFor: number | null = null;
  let stopped = false;
  const arm = () => {
    const next = simulator.nextEventAtMs();
    if (stopped || next === null || (armedFor !== null && armedFor <= next)) return;
    timer?.cancel();
    armedFor = next;
    timer = clock.setTimer(Math.max(minStepMs, next - clock.nowMs(), 0), () => {
      timer = null;
      armedFor = null;
      simulator.pump();
    });
  };
  simulator.onChange(arm);
  arm();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
