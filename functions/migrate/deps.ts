import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { MigrateDatabaseDeps } from '#shared/usecases/migrate-database.ts';

export interface MigrateDeps extends MigrateDatabaseDeps {
  readonly telemetry: Telemetry;
}
