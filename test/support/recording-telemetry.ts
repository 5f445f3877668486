import type { LogFields, LogLevel, Telemetry } from '#shared/ports/telemetry.ts';

type Labels = Readonly<Record<string, string>>;

/** Keeps everything it is told, for assertions. */
export class RecordingTelemetry implements Telemetry {
  readonly logs: { level: LogLevel; event: string; fields: LogFields }[] = [];
  readonly counts = new Map<string, number>();
  readonly #labels: { readonly metric: string; readonly labels: Labels }[] = [];
  /** Last values. */
  readonly gauges = new Map<string, number>();

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.logs.push({ level, event, fields });
  }
  count(metric: string, value = 1, labels: Labels = {}): void {
    this.#labels.push({ metric, labels });
    this.counts.set(metric, (this.counts.get(metric) ?? 0) + value);
  }
  gauge(metric: string, value: number): void {
    this.gauges.set(metric, value);
  }
  timing(): void {}
  /** Label sets under which a counter was counted, in order. */
  labelled(metric: string): readonly Labels[] {
    return this.#labels.filter((counted) => counted.metric === metric).map(({ labels }) => labels);
  }
}
