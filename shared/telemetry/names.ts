/**
 * Names of log events and metrics: one place, so that alarms, dashboards, the page and tests cannot misspell them.
 * Those of calls to exchanges stand in exchange-names.ts. Counters end in `_total`, durations in `_ms`.
 */

export const logEvents = {
  /** The process: `pid`, `stage`, `version`. */
  platformStarted: 'platform.started',
  platformStopping: 'platform.stopping',
  platformStopped: 'platform.stopped',
  platformFailed: 'platform.failed',
  /** The schema or its users were brought up to date: `migrations`, `users`. */
  schemaMigrated: 'schema.migrated',
  /** Another process holds the database file, or no longer: `state`, `waitedMs`. */
  databaseLocked: 'database.locked',
  /** A handler threw: `function`, `error`. */
  functionFailed: 'function.failed',
  /** An input was dropped or refused: `what`, `code`, `sample`, `count`. */
  inputDropped: 'input.dropped',
  /** A record went to the dead letters: `source`, `recordId`, `error`. */
  recordDead: 'record.dead',
  stateChanged: 'system.state-changed',
  decisionRecorded: 'decision.recorded',
  /** An order by hand came to nothing: `code`, `message`, `idempotencyKey`, `sample` of its body. */
  orderRefused: 'order.refused',
  orderAnswered: 'order.answered',
  keyChecked: 'trading-key.checked',
  orderEnded: 'order.ended',
  fillStored: 'fill.stored',
  feedConnected: 'feed.connected',
  feedDisconnected: 'feed.disconnected',
  feedGap: 'feed.gap',
  alertRaised: 'alert.raised',
  /** Rows bore a time ahead of the present and were brought back: `what`, `rows`, `newestMs`. */
  futureTimes: 'times.from-the-future',
  /** Figures of the platform at the end of an invocation, by the names of their metrics, with their labels. */
  figures: 'platform.figures',
  httpFailed: 'http.failed',
} as const;

export const metrics = {
  /** Counter; label `function`. */
  invocations: 'function_invocations_total',
  /** Counter; label `function`. */
  functionErrors: 'function_errors_total',
  /** Label `function`. */
  functionMs: 'function_duration_ms',
  /** Counter of trades received; label `exchange`. */
  ticks: 'feed_ticks_total',
  /** Counter; labels `exchange`, `reason` (duplicate, late, stale, future, overflow). */
  ticksDropped: 'feed_ticks_dropped_total',
  /** Counter; labels `exchange`, `reason` (not-connected, closed, unanswered, not-sent, silent). */
  feedReconnects: 'feed_reconnects_total',
  /** Counter of inputs refused or dropped at a wall; labels `what`, `code`. */
  inputsDropped: 'inputs_dropped_total',
  /** Counter of rows whose time lay ahead of the present; labels `exchange`, `what` (`table.column`). */
  futureTimes: 'stored_future_times_total',
  /** Counter; labels `stream`, `function`. */
  streamDead: 'stream_records_dead',
  /** Counter; label `queue`. */
  queueDead: 'queue_messages_dead',
  /** Gauge: messages waiting; label `queue`. */
  queueDepth: 'queue_depth',
  /** Gauge: age of the oldest record that a consumer has not worked off; labels `stream`, `function`. On AWS Lambda's IteratorAge. */
  streamLag: 'stream_lag_ms',
  /** Counters of slots that a sleeping machine, or a slot still running, cost; label `job`. */
  slotsDropped: 'schedule_slots_dropped',
  slotsOverlapped: 'schedule_slots_overlapped',
  /** Counter; labels `exchange`, `kind`, `code`. */
  decisions: 'decisions_total',
  /** Counter; labels `exchange`, `code`. */
  refusals: 'refusals_total',
  /** Counter; labels `exchange`, `status`. */
  ordersEnded: 'orders_ended_total',
  /** Counter; label `exchange`. */
  fills: 'fills_total',
  /** From the oldest tick of the deciding batch to the venue's answer; label `exchange`. */
  tickToOrderMs: 'tick_to_order_ms',
  /** Gauges; labels `exchange`, `account`. */
  equity: 'account_balance_value',
  marginUsed: 'account_margin_used',
  openPositions: 'positions_open_count',
  marginRatio: 'account_margin_ratio',
  /** As the original had it: 0.1 is 10 %, whatever the name says. */
  changeFraction: 'account_pct_change_from_baseline',
  /** Sum of |value|. */
  positionsValue: 'positions_total_value',
  unrealizedPnl: 'positions_unrealized_pnl_total',
  /** Gauge; label `symbol`. */
  desiredPosition: 'desired_position_size',
  actualPosition: 'actual_position_size',
  /** Gauge; label `symbol`. */
  priceAgeSeconds: 'stream_data_age_seconds',
  /** Gauge; labels `symbol`, `timeframe`. */
  candleAgeSeconds: 'market_data_age_seconds',
  /** Gauge. */
  activeRuns: 'providence_active_runs_count',
  /** Gauges of the live runs; money in the quote unit. */
  runsPnl: 'providence_active_runs_pnl_total',
  runsPnlMean: 'providence_active_runs_pnl_mean',
  runsWinning: 'providence_active_runs_pnl_positive_count',
  runsLosing: 'providence_active_runs_pnl_negative_count',
  runsLong: 'providence_active_runs_long_count',
  runsShort: 'providence_active_runs_short_count',
  runsFlat: 'providence_active_runs_flat_count',
  /** Gauges; label `symbol`. */
  runsBySymbol: 'providence_active_runs_by_symbol',
  runsPnlBySymbol: 'providence_active_runs_pnl_by_symbol',
  /** Counter of log records that the disk did not take. */
  logDropped: 'log_records_dropped_total',
  /** Counter of observations refused: too many label sets, or labels that changed; label `metric`. */
  metricsRefused: 'metrics_refused_total',
} as const;

export type LogEvent = (typeof logEvents)[keyof typeof logEvents];
export type MetricName = (typeof metrics)[keyof typeof metrics];
