import type { Clock } from '#shared/ports/clock.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface RunStrategiesDeps {
  readonly runs: Pick<RunsRepository, 'loadCohorts' | 'saveCohorts'>;
  readonly candles: Pick<CandlesRepository, 'range'>;
  /** FIFO queue of run-requests for the reconciliation. */
  readonly requests: WorkQueue;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly telemetry: Telemetry;
}
