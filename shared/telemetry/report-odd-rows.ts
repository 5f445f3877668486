import type { OddRow } from '#shared/core/odd-row.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { countOddRow } from './count-drop.ts';
import { logEvents } from './names.ts';

/** Counts rows that were set aside, and writes a line for each. */
export function reportOddRows(telemetry: Telemetry, rows: readonly OddRow[]): void {
  for (const { list, symbol, why, payload } of rows) {
    countOddRow(telemetry, list);
    telemetry.log('warn', logEvents.inputDropped, { what: list, code: 'odd-row', symbol, error: why, sample: payload });
  }
}
