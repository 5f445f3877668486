import type { Clock } from '#shared/ports/clock.ts';
import type { LogFields, LogLevel, Telemetry } from '#shared/ports/telemetry.ts';
import type { Labels, MetricsRegistry } from './metrics-registry.ts';
import { metrics } from './names.ts';
import type { Redactor } from './redactor.ts';

/** Where finished lines go: a `LogFile`, or the terminal. */
export interface LineSink {
  write(line: string): void;
  /** Lines lost so far, where it can lose any. */
  readonly droppedLines?: number;
}

export interface JsonTelemetryOptions {
  readonly clock: Clock;
  readonly minLevel: LogLevel;
  readonly sink: LineSink;
  readonly registry: MetricsRegistry;
  readonly redactor: Redactor;
  /** Put into every line: `process`, `stage`. */
  readonly common?: LogFields;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Logs as JSON lines `{t, at, level, event, ...fields}` and metrics in memory. Telling about trouble never makes any. */
export class JsonTelemetry implements Telemetry {
  readonly #options: JsonTelemetryOptions;
  #knownDropped = 0;

  constructor(options: JsonTelemetryOptions) {
    this.#options = options;
  }

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    const { clock, minLevel, sink, redactor, common } = this.#options;
    if (RANK[level] < RANK[minLevel]) return;
    try {
      const t = clock.nowMs();
      // The line's own keys come last: no field may pass for another event.
      const line = { ...common, ...fields, t, at: new Date(t).toISOString(), level, event };
      sink.write(redactor.json(line));
    } catch {
      this.count(metrics.logDropped);
    }
    this.#countDropped();
  }

  count(metric: string, value = 1, labels: Labels = {}): void {
    this.#options.registry.count(metric, value, labels);
  }

  gauge(metric: string, value: number, labels: Labels = {}): void {
    this.#options.registry.gauge(metric, value, labels);
  }

  timing(metric: string, durationMs: number, labels: Labels = {}): void {
    this.#options.registry.timing(metric, durationMs, labels);
  }

  #countDropped(): void {
    const dropped = this.#options.sink.droppedLines ?? 0;
    if (dropped > this.#knownDropped) this.count(metrics.logDropped, dropped - this.#knownDropped);
    this.#knownDropped = dropped;
  }
}
