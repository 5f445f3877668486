import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { oldNameHelp, prometheusName } from './prometheus-names.ts';

export type Labels = Readonly<Record<string, string>>;
type Metric = Counter | Gauge | Histogram;
type Kind = typeof Counter | typeof Gauge | typeof Histogram;

/** Gauges of prom-client that end as counters do: `promtool check metrics` refuses them, and the same without `_total` is there. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Milliseconds: from one tick's work to a call that times out. */
const DURATION_BUCKETS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];
const METRICS_MAX = 500;
const SERIES_MAX = 2000;
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * Metrics of this process in memory, as Prometheus text for `/metrics` and as numbers for the status line.
 * A metric's kind and label names are those of its first use. What does not fit is refused and counted, never thrown.
 */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, { family: Family; labelNames: string; series: Set<string> }>();
  readonly #totals = new Map<string, number>();
  readonly #gauges = new Map<string, number>();
  #refused = 0;

  constructor(options: { readonly processMetrics: boolean }) {
    if (!options.processMetrics) return;
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  count(name: string, value = 1, labels: Labels = {}): void {
    if (!(value >= 0)) {
      this.#refused += 1;
      return;
    }
    const key = this.#guarded(name, labels, Counter, (metric, scale) => (metric as Counter).inc(labels, value * scale));
    if (key === null) return;
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + value);
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + value);
  }

  gauge(name: string, value: number, labels: Labels = {}): void {
    const key = this.#guarded(name, labels, Gauge, (metric, scale) =>
      (metric as Gauge).set(labels, scaled(value, scale)),
    );
    if (key !== null) this.#gauges.set(key, value);
  }

  timing(name: string, durationMs: number, labels: Labels = {}): void {
    this.#guarded(name, labels, Histogram, (metric, scale) =>
      (metric as Histogram).observe(labels, scaled(durationMs, scale)),
    );
  }

  /** Sum of a counter over all labels, or of one label set; 0 when it was never counted. */
  total(name: string, labels?: Labels): number {
    return this.#totals.get(labels === undefined ? name : keyOf(name, labels)) ?? 0;
  }

  /** Last value of a gauge, or null when it was never set. */
  value(name: string, labels: Labels = {}): number | null {
    return this.#gauges.get(keyOf(name, labels)) ?? null;
  }

  /** Observations refused so far: other labels or kind than the first use, too many series, not a number. */
  get refusedCount(): number {
    return this.#refused;
  }

  /** Prometheus text exposition, for `/metrics` with {@link contentType}. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Applies and returns the series' key, or null when refused. */
  #guarded(name: string, labels: Labels, kind: Kind, apply: (metric: Metric, scale: number) => void): string | null {
    try {
      const entry = this.#metrics.get(name) ?? this.#create(name, labels, kind);
      const key = keyOf(name, labels);
      const known = entry?.series.has(key) ?? false;
      if (
        entry === null ||
        entry.family.kind !== kind ||
        (!known && (entry.labelNames !== labelNamesOf(labels) || entry.series.size >= SERIES_MAX))
      ) {
        this.#refused += 1;
        return null;
      }
      for (const { metric, scale } of entry.family.metrics) apply(metric, scale);
      if (!known) entry.series.add(key);
      return key;
    } catch {
      this.#refused += 1;
      return null;
    }
  }

  #create(name: string, labels: Labels, kind: Kind) {
    if (this.#metrics.size >= METRICS_MAX || !NAME.test(name)) return null;
    const named = prometheusName(name);
    const make = (as: string, help: string, scale: number) => ({
      metric: this.#metric(kind, as, help, Object.keys(labels), scale),
      scale,
    });
    const metrics =
      named === null
        ? [make(name, name.replaceAll('_', ' '), 1)]
        : [make(named.name, named.name.replaceAll('_', ' '), named.scale), make(name, oldNameHelp(named.name), 1)];
    const entry = { family: { kind, metrics }, labelNames: labelNamesOf(labels), series: new Set<string>() };
    this.#metrics.set(name, entry);
    return entry;
  }

  #metric(kind: Kind, name: string, help: string, labelNames: string[], scale: number): Metric {
    const options = { name, help, labelNames, registers: [this.#registry] };
    if (kind === Counter) return new Counter(options);
    if (kind === Gauge) return new Gauge(options);
    return new Histogram({
      ...options,
      buckets: DURATION_BUCKETS_MS.map((ms) => Number((ms * scale).toPrecision(12))),
    });
  }
}

/** Unscaled values pass as they are: prom-client itself refuses what is no number. */
const scaled = (value: number, scale: number): number => (scale === 1 ? value : value * scale);

/** The metrics of one name of the code: under its name in Prometheus' text, and for one release under its old one. */
interface Family {
  readonly kind: Kind;
  readonly metrics: readonly { readonly metric: Metric; readonly scale: number }[];
}

const labelNamesOf = (labels: Labels): string => Object.keys(labels).sort().join(',');

const keyOf = (name: string, labels: Labels): string => {
  const names = Object.keys(labels);
  // Told with every call to a venue and every function: the usual one or two labels go without sorting.
  if (names.length === 0) return `${name}{}`;
  if (names.length === 1) return `${name}{${names[0]}=${JSON.stringify(labels[names[0]!])}}`;
  names.sort();
  return `${name}{${names.map((label) => `${label}=${JSON.stringify(labels[label])}`).join(',')}}`;
};
