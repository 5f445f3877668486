import type { Writable } from 'node:stream';
import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { AwsClients } from './provision.ts';

export interface PlatformRunnerDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The queue client must have more patience than a long poll. */
  readonly clients: AwsClients;
  readonly checkpoints: Checkpoints;
  /** Takes what functions print; this process's own output by default. */
  readonly output?: Writable;
}
