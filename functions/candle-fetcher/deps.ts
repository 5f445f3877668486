import type { Alerts } from '#shared/ports/alerts.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { FetchCandlesDeps } from '#shared/usecases/fetch-candles.ts';

export type CandleFetcherDeps = FetchCandlesDeps & {
  readonly deadLetters: DeadLetters;
  readonly alerts: Alerts;
  readonly telemetry: Telemetry;
};
