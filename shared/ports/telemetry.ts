export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Logs, counters and timings behind our own interface. `event` and `metric` names live in shared/telemetry/names.ts. */
export interface Telemetry {
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** Adds to a counter; 0 begins its series. */
  count(metric: string, value?: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge. */
  gauge(metric: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** Observes a duration in milliseconds. */
  timing(metric: string, durationMs: number, labels?: Readonly<Record<string, string>>): void;
}
