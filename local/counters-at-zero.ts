import { END_STATUSES } from '#shared/core/orders/order.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';

const DROP_REASONS = ['duplicate', 'late', 'stale', 'future', 'overflow'];
const RECONNECT_REASONS = ['not-connected', 'closed', 'unanswered', 'not-sent', 'silent'];

/**
 * Counters of feed and orders begin at 0 where their labels are known beforehand: one that appears with its first failure shows none
 * in `increase()`, which needs a value before it (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics).
 * Functions, streams, queues and schedules do so themselves.
 */
export function countersAtZero(telemetry: Pick<Telemetry, 'count'>, exchange: string): void {
  const zero = (metric: string, labels: Readonly<Record<string, string>> = {}) => telemetry.count(metric, 0, labels);
  zero(metrics.ticks, { exchange });
  zero(metrics.fills, { exchange });
  for (const reason of DROP_REASONS) zero(metrics.ticksDropped, { exchange, reason });
  for (const reason of RECONNECT_REASONS) zero(metrics.feedReconnects, { exchange, reason });
  for (const status of END_STATUSES) zero(metrics.ordersEnded, { exchange, status });
  zero(metrics.logDropped);
}
