import type { LiveRunCounts } from '#shared/core/runs/run-figures.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface RunSupervisorDeps {
  readonly runs: RunsRepository;
  readonly candles: Pick<CandlesRepository, 'range'>;
  readonly instruments: Pick<InstrumentsRepository, 'products'>;
  readonly jobs: Pick<JobStateRepository, 'recordOk'>;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly telemetry: Telemetry;
  /** The live runs for the panels; null where they are read from rows when somebody asks. */
  readonly liveRuns: (() => Promise<readonly LiveRunCounts[]>) | null;
}
