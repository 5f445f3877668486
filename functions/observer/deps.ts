import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { ObserveAccountDeps } from '#shared/usecases/observe-account.ts';

export interface ObserverDeps extends ObserveAccountDeps {
  readonly telemetry: Telemetry;
}
