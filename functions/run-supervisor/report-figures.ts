import type { RunFigures } from '#shared/core/runs/run-figures.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';

/** The figures that `/metrics` has under the same names. */
export function reportFigures(telemetry: Telemetry, figures: RunFigures): void {
  telemetry.gauge(metrics.runsPnl, figures.pnlQuote);
  if (figures.meanPnlQuote !== null) telemetry.gauge(metrics.runsPnlMean, figures.meanPnlQuote);
  telemetry.gauge(metrics.runsWinning, figures.winning);
  telemetry.gauge(metrics.runsLosing, figures.losing);
  telemetry.gauge(metrics.runsLong, figures.long);
  telemetry.gauge(metrics.runsShort, figures.short);
  telemetry.gauge(metrics.runsFlat, figures.flat);
  for (const { symbol, live, pnlQuote } of figures.bySymbol) {
    telemetry.gauge(metrics.runsBySymbol, live, { symbol });
    telemetry.gauge(metrics.runsPnlBySymbol, pnlQuote, { symbol });
  }
}
