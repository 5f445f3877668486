import { observersOf } from '#config/function-environments.ts';
import type { Config } from '#config/schema.ts';
import type { ScheduleEmulator, ScheduleSpec } from '#local/emulators/schedule-emulator.ts';

/** Every schedule of the platform with its cadence. */
export function scheduleSpecs(config: Config): readonly ScheduleSpec[] {
  const { cadences, reconciliation_engine: engine } = config;
  const every = (job: string, seconds: number, functionName = job): ScheduleSpec => ({
    job,
    functionName,
    cadenceMs: seconds * 1000,
  });
  return [
    every('balance', cadences.balance),
    ...observersOf(config).map(({ id }) => every(id, cadences.observer)),
    every('market-data', cadences.market_data),
    every('run-supervisor', cadences.run_supervisor),
    every('order-tracker', cadences.order_tracker),
    every('janitor', cadences.janitor),
    // Last: in a slot that all share, a cycle then reads what the others have just stored.
    every('reconciliation', engine.rebalance_frequency),
  ];
}

export function startSchedules(schedules: ScheduleEmulator, config: Config): void {
  for (const spec of scheduleSpecs(config)) schedules.start(spec);
}
