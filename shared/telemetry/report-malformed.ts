import type { Telemetry } from '#shared/ports/telemetry.ts';
import { countDrop } from './count-drop.ts';
import { logEvents } from './names.ts';

interface Malformed {
  readonly kind: 'malformed';
  readonly messageId: string | null;
  readonly body: string;
  readonly error: string;
}

/** Counts and logs what an invocation was handed that is no job; returns those records. */
export function reportMalformed(
  telemetry: Pick<Telemetry, 'count' | 'log'>,
  records: readonly (Malformed | { readonly kind: 'job' })[],
): readonly Malformed[] {
  const malformed = records.filter((record) => record.kind === 'malformed');
  for (const { body, error } of malformed) {
    telemetry.log('warn', logEvents.inputDropped, { ...countDrop(telemetry, 'job', 'malformed'), sample: body, error });
  }
  return malformed;
}
