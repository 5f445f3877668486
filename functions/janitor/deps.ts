import type { ClockCorrection } from '#shared/ports/clock.ts';
import type { ExchangeHealth } from '#shared/ports/exchange-health.ts';
import type { StoredTimesRepository } from '#shared/ports/repositories/stored-times-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { VenueClock } from '#shared/ports/venue-clock.ts';
import type { BootstrapSystemDeps } from '#shared/usecases/bootstrap-system.ts';
import type { ChangeSystemStateDeps } from '#shared/usecases/change-system-state.ts';
import type { FinishReconcilingDeps } from '#shared/usecases/finish-reconciling.ts';
import type { SetAsideDeps } from '#shared/usecases/set-aside-odd-rows.ts';
import type { SyncInstrumentsDeps } from '#shared/usecases/sync-instruments.ts';

/** Ports only: the control of the state is bound inside the handler. */
export type JanitorDeps = Omit<
  ChangeSystemStateDeps & BootstrapSystemDeps & SyncInstrumentsDeps & FinishReconcilingDeps,
  'control'
> & {
  /** Null where the clock of the process is not ours to set. */
  readonly correction: ClockCorrection | null;
  readonly storedTimes: StoredTimesRepository;
  /** Null where the venue's time cannot be asked. */
  readonly venueClock: VenueClock | null;
  /** Null where the venue's health is watched by something else. */
  readonly exchangeHealth: ExchangeHealth | null;
  readonly telemetry: Telemetry;
  readonly deadLetters: SetAsideDeps['deadLetters'];
};
