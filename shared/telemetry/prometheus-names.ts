/** How a metric is called in Prometheus' text, where its name in the code does not keep Prometheus' rules. */
export interface PrometheusName {
  readonly name: string;
  /** What a value of the code is multiplied with: Prometheus wants base units. */
  readonly scale: number;
}

const named = (name: string): PrometheusName => ({ name, scale: 1 });
const fromMs = (name: string): PrometheusName => ({ name, scale: 0.001 });

/**
 * By the name in the code, which CloudWatch and logs keep. Counters end in `_total` and nothing else does, `_count` belongs to
 * histograms, and units are base units: what `promtool check metrics` asks for. The old name stays for one release beside the new one.
 */
const RENAMED: Readonly<Record<string, PrometheusName>> = {
  function_duration_ms: fromMs('function_duration_seconds'),
  tick_to_order_ms: fromMs('tick_to_order_seconds'),
  exchange_request_ms: fromMs('exchange_request_seconds'),
  stream_lag_ms: fromMs('stream_lag_seconds'),
  stream_records_dead: named('stream_records_dead_total'),
  queue_messages_dead: named('queue_messages_dead_total'),
  schedule_slots_dropped: named('schedule_slots_dropped_total'),
  schedule_slots_overlapped: named('schedule_slots_overlapped_total'),
  positions_open_count: named('positions_open'),
  positions_unrealized_pnl_total: named('positions_unrealized_pnl'),
  providence_active_runs_count: named('providence_active_runs'),
  providence_active_runs_pnl_total: named('providence_active_runs_pnl'),
  providence_active_runs_pnl_positive_count: named('providence_active_runs_winning'),
  providence_active_runs_pnl_negative_count: named('providence_active_runs_losing'),
  providence_active_runs_long_count: named('providence_active_runs_long'),
  providence_active_runs_short_count: named('providence_active_runs_short'),
  providence_active_runs_flat_count: named('providence_active_runs_flat'),
  providence_completed_runs_total: named('providence_completed_runs'),
  providence_height_run_count: named('providence_height_runs'),
};

/** Null where the name in the code is the one in the text. */
export const prometheusName = (name: string): PrometheusName | null => RENAMED[name] ?? null;

/** The first word of the help of a name that goes with the next release. */
export const OLD_NAME = 'Deprecated';
export const oldNameHelp = (newName: string): string => `${OLD_NAME}: it is called ${newName} now`;

/** The text without the families of old names. */
export const withoutOldNames = (text: string): string =>
  text
    .split(/^(?=# HELP )/m)
    .filter((block) => !new RegExp(`^# HELP \\S+ ${OLD_NAME}:`).test(block))
    .join('');
