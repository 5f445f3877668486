import { parseJobEvent } from '#shared/messages/job-event.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import type { SystemControl } from '#shared/ports/system-control.ts';
import { reportOddRows } from '#shared/telemetry/report-odd-rows.ts';
import { bootstrapSystem } from '#shared/usecases/bootstrap-system.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { checkExchangeHealth } from '#shared/usecases/check-exchange-health.ts';
import { finishReconciling } from '#shared/usecases/finish-reconciling.ts';
import { noteClockJump } from '#shared/usecases/note-clock-jump.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import { syncInstruments } from '#shared/usecases/sync-instruments.ts';
import { watchInstallation } from '#shared/usecases/watch-installation.ts';
import type { JanitorDeps } from './deps.ts';
import type { JanitorEnv } from './env.ts';
import { readOnce } from './read-once.ts';
import { reportOutcome, reportWatch } from './report-outcome.ts';
import { createClockWatch } from './watch-clock.ts';

const BY = 'janitor';

/**
 * `janitor-start` decides the state of this start and loads instruments; every other job is a tick (about every 5 s): on AWS it
 * compares the database with its mark, notes a sleep of the machine, keeps instruments and clock fresh, and ends RECONCILING. Every step may run twice.
 */
export function createHandler(deps: JanitorDeps, env: JanitorEnv) {
  const control: SystemControl = systemControl(deps);
  const exchange = env.EXCHANGE;
  const watchClock = createClockWatch(deps, env, BY);

  return async (event: unknown) => {
    // Every step looks at its own row: they are read once.
    const shared = { ...deps, jobs: readOnce(deps.jobs) };
    const bound = { ...shared, control };
    // A malformed body asks for nothing that a plain tick would not do as well.
    const isStart = parseJobEvent(event).some((r) => r.kind === 'job' && r.job.job === JANITOR_START_JOB);
    const bootstrap = isStart ? await bootstrapSystem(bound, { exchange, by: BY, venueKind: env.VENUE_KIND }) : null;
    const { marker } = deps;
    const watched =
      isStart || marker === null ? null : await watchInstallation({ ...bound, marker }, { exchange, by: BY });
    if (watched !== null) reportWatch(deps.telemetry, exchange, watched);
    // Nothing below may end RECONCILING. The slot is tried again, and the alarm on errors hears of it.
    if (watched?.kind === 'unreadable')
      throw new Error(`the mark of the installation cannot be read: ${watched.error}`);
    const jump = isStart ? null : await noteClockJump(bound, { exchange, by: BY, gapMaxMs: env.CLOCK_JUMP_MS });
    const checkNow = isStart || jump?.kind === 'jumped';
    const { clock = null } = (await watchClock(bound, checkNow)) ?? {};
    const instruments = await syncInstruments(bound, {
      exchange,
      by: BY,
      venueKind: env.VENUE_KIND,
      approval: env.APPROVAL,
      symbols: env.SYMBOLS,
      maxAgeMs: checkNow ? 0 : env.INSTRUMENTS_REFRESH_MS,
    });
    if (instruments.kind === 'synced')
      reportOddRows(deps.telemetry, await setAsideOddRows(deps, exchange, instruments.odd));
    const reconciling = await finishReconciling(bound, {
      exchange,
      account: env.ACCOUNT,
      address: env.ADDRESS,
      by: BY,
      observerIds: env.OBSERVER_IDS,
      observersRequired: env.OBSERVERS_REQUIRED,
      instrumentsMaxAgeMs: env.INSTRUMENTS_MAX_AGE_MS,
      clockBehindMaxMs: env.CLOCK_BEHIND_MAX_MS,
    });
    const { exchangeHealth } = deps;
    const health = exchangeHealth
      ? await checkExchangeHealth({ ...shared, exchangeHealth }, { exchange, maxAgeMs: env.HEALTH_CHECK_MS })
      : null;
    const outcome = { bootstrap, jump, clock, instruments, reconciling, health };
    reportOutcome(deps.telemetry, exchange, outcome);
    return outcome;
  };
}
