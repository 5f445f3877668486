import type { StateChange } from '#shared/ports/system-control.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import type { BootstrapOutcome } from '#shared/usecases/bootstrap-system.ts';
import type { ExchangeHealthOutcome } from '#shared/usecases/check-exchange-health.ts';
import type { VenueClockOutcome } from '#shared/usecases/check-venue-clock.ts';
import type { FinishReconcilingOutcome } from '#shared/usecases/finish-reconciling.ts';
import type { ClockJumpOutcome } from '#shared/usecases/note-clock-jump.ts';
import type { SyncInstrumentsOutcome } from '#shared/usecases/sync-instruments.ts';
import type { WatchInstallationOutcome } from '#shared/usecases/watch-installation.ts';

export interface JanitorOutcome {
  readonly bootstrap: BootstrapOutcome | null;
  readonly jump: ClockJumpOutcome | null;
  readonly clock: VenueClockOutcome | null;
  readonly instruments: SyncInstrumentsOutcome;
  readonly reconciling: FinishReconcilingOutcome;
  readonly health: ExchangeHealthOutcome | null;
}

/** One line per change of state and per failed step; a quiet tick logs nothing. */
export function reportOutcome(telemetry: Telemetry, exchange: string, outcome: JanitorOutcome): void {
  const { bootstrap, jump, clock, instruments, reconciling } = outcome;
  const changes: (StateChange | null)[] = [
    bootstrap?.change ?? null,
    jump?.kind === 'jumped' ? jump.change : null,
    instruments.kind === 'synced' ? instruments.change : null,
    reconciling.kind === 'finished' ? reconciling.change : null,
  ];
  for (const change of changes) if (change !== null) reportChange(telemetry, exchange, change);
  if (instruments.kind === 'failed') {
    telemetry.log('warn', 'instruments.failed', { exchange, error: instruments.error });
  } else if (instruments.kind === 'refused') {
    const { code, message, numbers } = instruments.refusal;
    telemetry.log('warn', 'instruments.refused', { exchange, code, message, ...numbers });
  } else if (instruments.kind === 'synced') {
    const { counts, productsAdded, unknownSymbols } = instruments;
    telemetry.log('info', 'instruments.synced', { exchange, ...counts, productsAdded, unknownSymbols });
  }
  if (clock?.kind === 'checked' && !clock.check.ok) {
    telemetry.log('warn', 'clock.doubtful', { exchange, ...clock.check });
  }
  const { health } = outcome;
  if (health?.kind === 'checked' && !health.health.healthy) {
    telemetry.log('warn', 'exchange.unhealthy', { exchange, ...health.health });
  }
}

/** What the look at the database's mark has changed. */
export function reportWatch(telemetry: Telemetry, exchange: string, watched: WatchInstallationOutcome): void {
  if (watched.kind === 'restored' || watched.kind === 'unreadable') reportChange(telemetry, exchange, watched.change);
  if (watched.kind === 'same' && watched.markError !== null) {
    telemetry.log('warn', 'system.mark-failed', { exchange, error: watched.markError });
  }
}

function reportChange(telemetry: Telemetry, exchange: string, change: StateChange): void {
  if (change.kind !== 'changed') return;
  const { state, lockMode, reason, changedBy, version } = change.state;
  const fields = { exchange, from: change.from?.state ?? null, to: state, lockMode, reason, by: changedBy, version };
  telemetry.log('info', logEvents.stateChanged, fields);
  if (change.markError) telemetry.log('warn', 'system.mark-failed', { exchange, error: change.markError });
}
