import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;
type Metric = Counter | Gauge | Histogram;

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
  readonly #metrics = new Map<string, { metric: Metric; labelNames: string; series: Set<string> }>();
  readonly #totals = new Map<string, number>();
  readonly #gauges = new Map<string, number>();
  #refused = 0;

  constructor(options: { readonly processMetrics: boolean }) {
    if (options.processMetrics) collectDefaultMetrics({ register: this.#registry });
  }

  count(name: string, value = 1, labels: Labels = {}): void {
    if (!(value >= 0)) {
      this.#refused += 1;
      return;
    }
    const key = this.#guarded(name, labels, Counter, (metric) => (metric as Counter).inc(labels, value));
    if (key === null) return;
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + value);
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + value);
  }

  gauge(name: string, value: number, labels: Labels = {}): void {
    const key = this.#guarded(name, labels, Gauge, (metric) => (metric as Gauge).set(labels, value));
    if (key !== null) this.#gauges.set(key, value);
  }

  timing(name: string, durationMs: number, labels: Labels = {}): void {
    this.#guarded(name, labels, Histogram, (metric) => (metric as Histogram).observe(labels, durationMs));
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
  #guarded(
    name: string,
    labels: Labels,
    kind: typeof Counter | typeof Gauge | typeof Histogram,
    apply: (metric: Metric) => void,
  ): string | null {
    try {
      const entry = this.#metrics.get(name) ?? this.#create(name, labels, kind);
      const key = keyOf(name, labels);
      const known = entry?.series.has(key) ?? false;
      if (
        entry === null ||
        !(entry.metric instanceof kind) ||
        (!known && (entry.labelNames !== labelNamesOf(labels) || entry.series.size >= SERIES_MAX))
      ) {
        this.#refused += 1;
        return null;
      }
      apply(entry.metric);
      if (!known) entry.series.add(key);
      return key;
    } catch {
      this.#refused += 1;
      return null;
    }
  }

  #create(name: string, labels: Labels, kind: typeof Counter | typeof Gauge | typeof Histogram) {
    if (this.#metrics.size >= METRICS_MAX || !NAME.test(name)) return null;
    const options = {
      name,
      help: name.replaceAll('_', ' '),
      labelNames: Object.keys(labels),
      registers: [this.#registry],
    };
    const metric: Metric =
      kind === Counter
        ? new Counter(options)
        : kind === Gauge
          ? new Gauge(options)
          : new Histogram({ ...options, buckets: DURATION_BUCKETS_MS });
    const entry = { metric, labelNames: labelNamesOf(labels), series: new Set<string>() };
    this.#metrics.set(name, entry);
    return entry;
  }
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
