import { END_STATUSES } from '#shared/core/orders/order.ts';
import { GATE_REFUSALS, HAND_REFUSALS, REJECTION_CODES } from '#shared/core/orders/refusal-codes.ts';
import { DECISION_CODES, PLAN_REFUSALS } from '#shared/core/reconciliation/decision-codes.ts';
import { type CancelOutcome, EXCHANGE_ERROR_KINDS } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { DROPS } from '#shared/telemetry/count-drop.ts';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { metrics } from '#shared/telemetry/names.ts';
import type { ReconcileOutcome } from '#shared/usecases/reconcile.ts';

const DROP_REASONS = ['duplicate', 'late', 'stale', 'future', 'overflow'];
const RECONNECT_REASONS = ['not-connected', 'closed', 'unanswered', 'not-sent', 'silent'];

const CANCEL_OUTCOMES: readonly CancelOutcome['kind'][] = ['cancelled', 'not-open', 'unknown'];
const UNFINISHED_CYCLES: readonly Exclude<ReconcileOutcome['kind'], 'done'>[] = ['busy', 'lease-lost'];

/** Of the cycle and the gateway by their own names; of the venue and of orders by hand with the prefix that they are counted under. */
const refusalCodes = (): readonly string[] => [
  ...new Set<string>([...PLAN_REFUSALS, ...GATE_REFUSALS]),
  ...REJECTION_CODES.map((code) => `venue:${code}`),
  ...[...HAND_REFUSALS, 'invalid', 'idempotency-conflict'].map((code) => `hand:${code}`),
];

/**
 * Counters of feed and orders begin at 0 where their labels are known beforehand: one that appears with its first failure shows none
 * in `increase()`, which needs a value before it (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics).
 * Functions, streams, queues, schedules and calls to the venue do so themselves.
 */
export function countersAtZero(telemetry: Pick<Telemetry, 'count'>, exchange: string): void {
  const zero = (metric: string, labels: Readonly<Record<string, string>> = {}) => telemetry.count(metric, 0, labels);
  zero(metrics.ticks, { exchange });
  zero(metrics.fills, { exchange });
  for (const reason of DROP_REASONS) zero(metrics.ticksDropped, { exchange, reason });
  for (const reason of RECONNECT_REASONS) zero(metrics.feedReconnects, { exchange, reason });
  for (const status of END_STATUSES) zero(metrics.ordersEnded, { exchange, status });
  zero(metrics.logDropped);
  for (const labels of DROPS) zero(metrics.inputsDropped, labels);
  for (const [kind, codes] of Object.entries(DECISION_CODES)) {
    for (const code of codes) zero(metrics.decisions, { exchange, kind, code });
  }
  for (const kind of UNFINISHED_CYCLES) zero(metrics.decisions, { exchange, kind, code: kind });
  for (const code of refusalCodes()) zero(metrics.refusals, { exchange, code });
  const orders = (outcome: string, code: string) => zero(exchangeMetrics.orders, { exchange, outcome, code });
  orders('accepted', 'none');
  for (const code of REJECTION_CODES) orders('rejected', code);
  for (const kind of EXCHANGE_ERROR_KINDS) orders('unknown', kind);
  for (const outcome of CANCEL_OUTCOMES) zero(exchangeMetrics.cancels, { exchange, outcome });
}
