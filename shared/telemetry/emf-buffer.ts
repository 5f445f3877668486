import { Metrics } from '@aws-lambda-powertools/metrics';
import type { MetricUnit } from '@aws-lambda-powertools/metrics/types';
import { type CloudwatchMetric, cloudwatchMetrics, METRIC_SERVICE } from './cloudwatch-metrics.ts';
import { metrics as names } from './names.ts';

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly name: string;
  readonly metric: CloudwatchMetric;
  readonly dimensions: Labels;
  values: number[];
}

/** One below what one line may hold: at 100 Powertools would write by itself and forget the dimensions. */
const VALUES_MAX = 99;

/**
 * Adds up what is to be exported and writes it as embedded metrics when told: one line per set of dimensions, at most 100 metrics
 * each. Series beyond a metric's limit, and values that are no numbers, are refused and counted.
 */
export class EmfBuffer {
  readonly #emf: Metrics;
  readonly #known = new Map<string, Set<string>>();
  readonly #series = new Map<string, Series>();

  constructor(namespace: string) {
    this.#emf = new Metrics({ namespace, serviceName: METRIC_SERVICE });
  }

  /** Ignores metrics that are not exported. */
  add(name: string, value: number, labels: Labels): void {
    const metric = Object.hasOwn(cloudwatchMetrics, name) ? cloudwatchMetrics[name] : undefined;
    // A zero begins a series where it is scraped; here it would be billed as one.
    if (metric === undefined || (metric.kind === 'counter' && value === 0)) return;
    const series = Number.isFinite(value) ? this.#seriesOf(name, metric, labels) : null;
    if (series === null) {
      if (name !== names.metricsRefused) this.add(names.metricsRefused, 1, {});
      return;
    }
    if (metric.kind === 'counter') series.values = [(series.values[0] ?? 0) + value];
    else if (metric.kind === 'gauge') series.values = [value];
    else series.values.push(value);
    if (series.values.length >= VALUES_MAX) this.flush();
  }

  flush(): void {
    const groups = Map.groupBy(this.#series.values(), (series) => JSON.stringify(series.dimensions));
    this.#series.clear();
    for (const group of groups.values()) {
      for (const [dimension, value] of Object.entries(group[0]!.dimensions)) this.#emf.addDimension(dimension, value);
      for (const { name, metric, values } of group) {
        for (const value of values) this.#emf.addMetric(name, metric.unit as MetricUnit, value);
      }
      if (this.#emf.hasStoredMetrics()) this.#emf.publishStoredMetrics();
      this.#emf.clearDimensions();
    }
  }

  /** Null when the metric has all the series that it may have. */
  #seriesOf(name: string, metric: CloudwatchMetric, labels: Labels): Series | null {
    const shown = metric.dimensions.map((label) => [label, labels[label] || 'none'] as const);
    const dimensions = Object.fromEntries(shown);
    const key = `${name}${JSON.stringify(dimensions)}`;
    const known = this.#series.get(key);
    if (known) return known;
    const all = this.#known.get(name) ?? new Set<string>();
    if (!all.has(key) && all.size >= metric.seriesMax) return null;
    this.#known.set(name, all.add(key));
    const series: Series = { name, metric, dimensions, values: [] };
    this.#series.set(key, series);
    return series;
  }
}
