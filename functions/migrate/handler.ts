import { logEvents } from '#shared/telemetry/names.ts';
import { type MigrateDatabaseFacts, migrateDatabase } from '#shared/usecases/migrate-database.ts';
import type { MigrateDeps } from './deps.ts';

/** The deploy script invokes it, with any event, while nothing else runs → what was changed; an error fails the deployment. */
export function createHandler(deps: MigrateDeps) {
  return async (_event: unknown): Promise<MigrateDatabaseFacts> => {
    const facts = await migrateDatabase(deps);
    deps.telemetry.log('info', logEvents.schemaMigrated, { ...facts });
    return facts;
  };
}
