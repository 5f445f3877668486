import { awsMetrics } from './aws-names.ts';
import { exchangeMetrics } from './exchange-names.ts';
import { metrics } from './names.ts';

/** How a metric of ours becomes one of CloudWatch. Metrics that are not listed stay in `/metrics`, logs and rows. */
export interface CloudwatchMetric {
  readonly kind: 'counter' | 'gauge' | 'timing';
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /** Labels that become dimensions; counters and timings are added up over the others. */
  readonly dimensions: readonly string[];
  /** Most label sets that are exported: each is billed as a metric of its own. */
  readonly seriesMax: number;
}

const counter = (seriesMax: number, ...dimensions: string[]): CloudwatchMetric => ({
  kind: 'counter',
  unit: 'Count',
  dimensions,
  seriesMax,
});
const timing = (): CloudwatchMetric => ({ kind: 'timing', unit: 'Milliseconds', dimensions: [], seriesMax: 1 });
const gauge = (unit: CloudwatchMetric['unit'], seriesMax: number, ...dimensions: string[]): CloudwatchMetric => ({
  kind: 'gauge',
  unit,
  dimensions,
  seriesMax,
});

/**
 * Everything that is exported, for the Lambdas, the dashboards and the cost. What Lambda, SQS and Kinesis count themselves is not
 * counted again. Symbols beyond the series of a metric are on the page and in `/metrics`, which read rows.
 */
export const cloudwatchMetrics: Readonly<Record<string, CloudwatchMetric>> = {
  [metrics.equity]: gauge('None', 1),
  [metrics.marginUsed]: gauge('None', 1),
  [metrics.openPositions]: gauge('Count', 1),
  [metrics.desiredPosition]: gauge('None', 8, 'symbol'),
  [metrics.actualPosition]: gauge('None', 8, 'symbol'),
  [metrics.activeRuns]: gauge('Count', 1),
  [metrics.priceAgeSeconds]: gauge('Seconds', 1),
  [metrics.candleAgeSeconds]: gauge('Seconds', 1),
  [metrics.decisions]: counter(5, 'kind'),
  // Their codes stand in the log line and in the row of the decision: as dimensions they would cost more than all the rest.
  [metrics.refusals]: counter(1),
  [metrics.ordersEnded]: counter(5, 'status'),
  [metrics.fills]: counter(1),
  [metrics.tickToOrderMs]: timing(),
  [metrics.ticks]: counter(1),
  [metrics.ticksDropped]: counter(5, 'reason'),
  [metrics.feedReconnects]: counter(1),
  [metrics.inputsDropped]: counter(6, 'what'),
  [metrics.metricsRefused]: counter(1),
  [exchangeMetrics.errors]: counter(1),
  [exchangeMetrics.requestMs]: timing(),
  [exchangeMetrics.retries]: counter(1),
  [exchangeMetrics.breakerState]: gauge('None', 1),
  [exchangeMetrics.budgetUsed]: gauge('None', 1),
  [exchangeMetrics.budgetRefusals]: counter(1),
  [exchangeMetrics.malformed]: counter(1),
  [exchangeMetrics.orders]: counter(3, 'outcome'),
  [awsMetrics.retries]: counter(1),
};

/** Gauges that are written as fields of log lines instead (figure-lines.ts): drawn by Logs Insights, and no metric is billed. */
export const loggedFigures: ReadonlySet<string> = new Set([
  metrics.marginRatio,
  metrics.changeFraction,
  metrics.positionsValue,
  metrics.unrealizedPnl,
  metrics.runsPnl,
  metrics.runsPnlMean,
  metrics.runsWinning,
  metrics.runsLosing,
  metrics.runsLong,
  metrics.runsShort,
  metrics.runsFlat,
  metrics.runsBySymbol,
  metrics.runsPnlBySymbol,
]);

export const metricNamespace = (stage: string): string => `3T/${stage}`;

/** Value of the dimension `service`, which every exported metric has: the format wants at least one. */
export const METRIC_SERVICE = '3t';
