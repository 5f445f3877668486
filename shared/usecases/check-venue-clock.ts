import { isDue } from '#shared/core/age.ts';
import {
  type ClockCheck,
  type ClockLimits,
  type ClockReading,
  checkClock,
  clockCorrection,
} from '#shared/core/system/clock-check.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock, ClockCorrection } from '#shared/ports/clock.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';
import type { VenueClock } from '#shared/ports/venue-clock.ts';

export interface CheckVenueClockDeps {
  readonly clock: Clock;
  /** Null where `clock` is not ours to set: each function on AWS has a machine of its own. */
  readonly correction: ClockCorrection | null;
  readonly jobs: JobStateRepository;
  readonly venueClock: VenueClock;
  readonly control: SystemControl;
  readonly alerts: Alerts;
}

export interface CheckVenueClockInput extends ClockLimits {
  readonly exchange: string;
  readonly by: string;
  /** A good comparison is not repeated before this age; 0 compares now. */
  readonly maxAgeMs: number;
  /** The reading of the last call of this process, as the machine's clock had it. */
  readonly before: ClockReading | null;
}

export type VenueClockOutcome =
  | { readonly kind: 'not-due' }
  | { readonly kind: 'unreachable'; readonly error: string }
  | {
      readonly kind: 'checked';
      /** Of the clock that the platform goes by, with its correction. */
      readonly check: ClockCheck;
      readonly correctionMs: number;
      /** As the machine's clock had it: `before` of the next call. */
      readonly reading: ClockReading;
      /** What a clock that cannot be trusted has changed. */
      readonly change: StateChange | null;
    };

/**
 * Compares our clock with the venue's when the last comparison is old or bad, or a correction stands, and goes by the venue's from then
 * on where ours is wrong. A clock that is wrong and cannot be set leads to RECONCILING: nothing is opened by it. A venue that cannot be
 * asked proves nothing.
 */
export async function checkVenueClock(
  deps: CheckVenueClockDeps,
  input: CheckVenueClockInput,
): Promise<VenueClockOutcome> {
  const { clock, correction } = deps;
  const job = SYSTEM_JOBS.venueClock;
  const last = (await deps.jobs.all()).find((state) => state.job === job);
  const isCorrected = (correction?.correctionMs ?? 0) !== 0;
  const askedAtMs = machineMs(deps);
  const isGood = last !== undefined && last.lastError === null && !isCorrected;
  if (isGood && !isDue(last.lastOkMs, clock.nowMs(), input.maxAgeMs)) return { kind: 'not-due' };
  let venueTimeMs: number;
  try {
    venueTimeMs = await deps.venueClock.venueTimeMs();
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return { kind: 'unreachable', error: error.message };
  }
  const reading = { askedAtMs, answeredAtMs: machineMs(deps), venueTimeMs };
  const wantedMs = correction === null ? null : clockCorrection(reading, input.before, input);
  if (wantedMs !== null) correction?.correct(wantedMs);
  const correctionMs = correction?.correctionMs ?? 0;
  const check = checkClock(shifted(reading, correctionMs), input);
  const how = (offsetMs: number) =>
    `${Math.abs(Math.round(offsetMs))} ms ${offsetMs < 0 ? 'behind' : 'ahead of'} the venue's`;
  const checked = { kind: 'checked', check, correctionMs, reading } as const;
  if (check.ok) {
    await deps.jobs.recordOk(job, clock.nowMs(), {
      offsetMs: check.offsetMs,
      roundTripMs: check.roundTripMs,
      correctionMs,
    });
    if (correctionMs !== 0)
      await raise(
        deps,
        input,
        `this machine's clock is ${how(-correctionMs)}: the platform goes by the venue's`,
        checked,
      );
    return { ...checked, change: null };
  }
  const message = `this machine's clock is ${how(check.offsetMs)}`;
  await deps.jobs.recordError(job, clock.nowMs(), message);
  // Alone, a reading that is late may be the venue's: the next beat tells.
  if (check.offsetMs > 0 && (last?.lastError ?? null) === null) return { ...checked, change: null };
  await raise(deps, input, `${message}: nothing is opened by it`, checked);
  const { exchange, by } = input;
  const change = await deps.control.change({
    kind: 'clock-doubted',
    exchange,
    by,
    reason: message,
    atMs: clock.nowMs(),
  });
  return { ...checked, change };
}

const machineMs = ({ clock, correction }: CheckVenueClockDeps): number =>
  clock.nowMs() - (correction?.correctionMs ?? 0);

const shifted = (reading: ClockReading, byMs: number): ClockReading => ({
  ...reading,
  askedAtMs: reading.askedAtMs + byMs,
  answeredAtMs: reading.answeredAtMs + byMs,
});

const raise = (
  deps: CheckVenueClockDeps,
  { exchange }: CheckVenueClockInput,
  message: string,
  { check, correctionMs }: { readonly check: ClockCheck; readonly correctionMs: number },
) =>
  deps.alerts.raise({
    id: `clock-wrong:${exchange}`,
    kind: 'clock-wrong',
    severity: check.ok ? 'warning' : 'critical',
    exchange,
    symbol: null,
    message,
    detail: { offsetMs: check.offsetMs, roundTripMs: check.roundTripMs, correctionMs },
  });
