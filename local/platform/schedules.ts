import { scheduledFunctions } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import type { ScheduleEmulator } from '#local/emulators/schedule-emulator.ts';

/** Starts every schedule of the platform at its cadence. */
export function startSchedules(schedules: ScheduleEmulator, config: Config): void {
  for (const { name, job, everySeconds } of scheduledFunctions(config)) {
    schedules.start({ job, functionName: name, cadenceMs: everySeconds * 1000 });
  }
}
