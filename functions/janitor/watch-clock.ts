import type { ClockReading } from '#shared/core/system/clock-check.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { FutureTimes } from '#shared/ports/repositories/stored-times-repository.ts';
import type { SystemControl } from '#shared/ports/system-control.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { checkVenueClock, type VenueClockOutcome } from '#shared/usecases/check-venue-clock.ts';
import type { JanitorDeps } from './deps.ts';
import type { JanitorEnv } from './env.ts';

export interface ClockWatch {
  readonly clock: VenueClockOutcome;
  /** What lay ahead of the present and was brought back. */
  readonly future: readonly FutureTimes[];
}

/** Compares our clock with the venue's and, once the present is known by both, brings back what is stored of the future. */
export function createClockWatch(deps: JanitorDeps, env: JanitorEnv, by: string) {
  const exchange = env.EXCHANGE;
  /** The last reading of this process. */
  let before: ClockReading | null = null;

  return async (
    bound: { readonly clock: Clock; readonly jobs: JobStateRepository; readonly control: SystemControl },
    checkNow: boolean,
  ): Promise<ClockWatch | null> => {
    const { venueClock, correction, storedTimes, alerts, telemetry } = deps;
    if (venueClock === null) return null;
    const clock = await checkVenueClock(
      { ...bound, venueClock, correction, alerts },
      {
        exchange,
        by,
        maxAgeMs: checkNow ? 0 : env.CLOCK_CHECK_MS,
        behindMaxMs: env.CLOCK_BEHIND_MAX_MS,
        aheadMaxMs: env.CLOCK_AHEAD_MAX_MS,
        before,
      },
    );
    if (clock.kind === 'checked') before = clock.reading;
    if (clock.kind !== 'checked' || !clock.check.ok) return { clock, future: [] };
    const future = await storedTimes.bringBack(exchange, bound.clock.nowMs());
    for (const { what, rows, newestMs } of future) {
      telemetry.count(metrics.futureTimes, rows, { exchange, what });
      telemetry.log('warn', logEvents.futureTimes, { exchange, what, rows, newestMs });
    }
    if (future.length > 0) {
      await alerts.raise({
        id: `future-times:${exchange}`,
        kind: 'future-times',
        severity: 'warning',
        exchange,
        symbol: null,
        message: 'times of the future were stored: a clock was ahead; they are overwritten by the present',
        detail: Object.fromEntries(future.map(({ what, newestMs }) => [what, newestMs])),
      });
    }
    return { clock, future };
  };
}
