import type { LogFields, LogLevel, Telemetry } from '#shared/ports/telemetry.ts';

/** Keeps everything it is told, for assertions. */
export class RecordingTelemetry implements Telemetry {
  readonly logs: { level: LogLevel; event: string; fields: LogFields }[] = [];
  readonly counts = new Map<string, number>();
  /** Last values. */
  readonly gauges = new Map<string, number>();

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.logs.push({ level, event, fields });
  }
  count(metric: string, value = 1): void {
    this.counts.set(metric, (this.counts.get(metric) ?? 0) + value);
  }
  gauge(metric: string, value: number): void {
    this.gauges.set(metric, value);
  }
  timing(): void {}
}
