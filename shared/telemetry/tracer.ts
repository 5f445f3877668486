import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from './names.ts';

/** A piece of work with a name. On AWS a segment of a trace; locally a duration. */
export interface Tracer {
  /** Runs `work` inside the span; its result or its error is passed on. `annotations` are searchable: ids and codes. */
  span<T>(name: string, annotations: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T>;
}

/** Durations as `span_duration_ms`, and a debug line per span with its annotations. */
export function durationTracer(telemetry: Telemetry, clock: Clock): Tracer {
  return {
    async span(name, annotations, work) {
      const beganMs = clock.nowMs();
      let outcome = 'error';
      try {
        const result = await work();
        outcome = 'ok';
        return result;
      } finally {
        const durationMs = clock.nowMs() - beganMs;
        telemetry.timing(metrics.spanMs, durationMs, { span: name, outcome });
        telemetry.log('debug', `span.${name}`, { ...annotations, durationMs, outcome });
      }
    },
  };
}
