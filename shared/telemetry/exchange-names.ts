/** Metric names of calls to exchanges. Labels: `exchange`, then as noted. */
export const exchangeMetrics = {
  /** Counter; labels `call`, `class` (timeout, connection-refused, network, dns, ssl, rate-limit, unknown). */
  errors: 'exchange_errors_total',
  /** Duration of one HTTP exchange in ms; labels `call`, `outcome` (ok, error). */
  requestMs: 'exchange_request_ms',
  /** Counter; labels `call`, `attempt`. */
  retries: 'exchange_retries_total',
  /** Gauge: 0 closed, 1 half-open, 2 open; label `class`. */
  breakerState: 'exchange_breaker_state',
  /** Gauge: weight of the venue's rate limit used in the last minute. */
  budgetUsed: 'exchange_rate_weight_used',
  /** Counter; label `class`. */
  budgetRefusals: 'exchange_rate_refusals_total',
  /** Counter of replies, or items of replies, that did not have the agreed shape; label `what`. */
  malformed: 'exchange_malformed_total',
  /** Counter; labels `outcome` (accepted, rejected, unknown), `code`. */
  orders: 'exchange_orders_total',
  /** Counter; label `outcome` (cancelled, not-open, unknown). */
  cancels: 'exchange_cancels_total',
} as const;

export const exchangeEvents = {
  breakerChanged: 'exchange.breaker-changed',
  breakerRowUnavailable: 'exchange.breaker-row-unavailable',
  alertFailed: 'exchange.alert-failed',
  bug: 'exchange.bug',
  malformedReply: 'exchange.malformed-reply',
  unexpectedText: 'exchange.unexpected-error-text',
} as const;
