import { isDue } from '#shared/core/age.ts';
import { type ClockCheck, checkClock } from '#shared/core/system/clock-check.ts';
import { systemJobs } from '#shared/core/system/system-jobs.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { VenueClock } from '#shared/ports/venue-clock.ts';

export interface CheckVenueClockDeps {
  readonly clock: Clock;
  readonly jobs: JobStateRepository;
  readonly venueClock: VenueClock;
}

export type VenueClockOutcome =
  | { readonly kind: 'not-due' }
  | { readonly kind: 'checked'; readonly check: ClockCheck }
  | { readonly kind: 'unreachable'; readonly error: string };

/** Compares our clock with the venue's when the last comparison is old or bad. A venue that cannot be asked proves nothing. */
export async function checkVenueClock(
  deps: CheckVenueClockDeps,
  input: {
    readonly exchange: string;
    /** A good comparison is not repeated before this age; 0 compares now. */
    readonly maxAgeMs: number;
    readonly behindMaxMs: number;
    readonly aheadMaxMs: number;
  },
): Promise<VenueClockOutcome> {
  const job = systemJobs(input.exchange).venueClock;
  const last = (await deps.jobs.all()).find((state) => state.job === job);
  const askedAtMs = deps.clock.nowMs();
  if (last && last.lastError === null && !isDue(last.lastOkMs, askedAtMs, input.maxAgeMs)) return { kind: 'not-due' };
  let venueTimeMs: number;
  try {
    venueTimeMs = await deps.venueClock.venueTimeMs();
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return { kind: 'unreachable', error: error.message };
  }
  const answeredAtMs = deps.clock.nowMs();
  const check = checkClock({ askedAtMs, answeredAtMs, venueTimeMs }, input);
  if (check.ok)
    await deps.jobs.recordOk(job, answeredAtMs, { offsetMs: check.offsetMs, roundTripMs: check.roundTripMs });
  else {
    const how = check.offsetMs < 0 ? 'behind' : 'ahead of';
    const message = `this machine's clock is ${Math.abs(check.offsetMs)} ms ${how} the venue's`;
    await deps.jobs.recordError(job, answeredAtMs, message);
  }
  return { kind: 'checked', check };
}
