import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';

/** Refusals that every start and every fill brings and that end by themselves: no operator has to look. */
const EXPECTED_WAITS: ReadonlySet<string> = new Set([
  'warming-up',
  'no-runs-yet',
  'awaiting-fill-visibility',
  // The first mark comes after the first trade; without later ones the fetcher's own heartbeat tells.
  'mark-missing',
]);

/** Counts every decision; logs the first of each episode, so that a standing refusal is one line and not one per cycle. */
export function reportDecisions(
  telemetry: Telemetry,
  cycle: { readonly exchange: string; readonly correlationId: string },
  decisions: readonly CycleDecision[],
): void {
  const { exchange, correlationId } = cycle;
  for (const { symbol, kind, code, message, id, repeats, desiredSize, actualSize } of decisions) {
    telemetry.count(metrics.decisions, 1, { exchange, kind, code });
    if (kind === 'refusal') telemetry.count(metrics.refusals, 1, { exchange, code });
    if (desiredSize !== null) telemetry.gauge(metrics.desiredPosition, Number(desiredSize), { symbol });
    if (actualSize !== null) telemetry.gauge(metrics.actualPosition, Number(actualSize), { symbol });
    if (repeats) continue;
    telemetry.log(kind === 'refusal' && !EXPECTED_WAITS.has(code) ? 'warn' : 'info', logEvents.decisionRecorded, {
      id,
      exchange,
      symbol,
      kind,
      code,
      message,
      desiredSize,
      actualSize,
      correlationId,
    });
  }
}
