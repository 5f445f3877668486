/**
 * Keys of the original 3T's config.yml and of earlier releases that have another name or no meaning here. Such a key is a
 * warning, not an error, so that an existing file can be moved over step by step.
 */
export interface RetiredKey {
  /** Dotted; `*` stands for one key. Keys below it are covered. */
  readonly path: string;
  /** Its new name: the value is carried over unless the new key is set in the same file. */
  readonly renamedTo?: string;
  /** Why it went, and what to do instead. */
  readonly advice: string;
}

const queues = 'there is no broker here; cadences hold the schedules';

export const RETIRED_KEYS: readonly RetiredKey[] = [
  { path: 'www', advice: 'metrics are not sent to a public hub' },
  { path: 'redis', advice: 'there is no Redis here; streams and the database do its work' },
  { path: 'celery.schedules.update_balance', renamedTo: 'cadences.balance', advice: queues },
  { path: 'celery', advice: queues },
  { path: 'database', advice: 'the local database is a file in state_dir; on AWS it comes from the stack' },
  { path: 'exchanges.*.privateKey', advice: 'keys belong in secrets.yml; remove it from this file' },
  { path: 'exchanges.*.walletAddress', advice: 'it is accounts[].address now' },
  { path: 'exchanges.*.apiKey', advice: 'keys belong in secrets.yml; remove it from this file' },
  { path: 'trading_hours.test_mode', advice: 'trading_hours.calendar: always is what true meant' },
  {
    path: 'reconciliation_engine.symbols',
    renamedTo: 'exchanges.hyperliquid.symbols',
    advice: 'symbols belong to their exchange',
  },
  { path: 'reconciliation_engine.observer_nodes', advice: 'quorum.observers names the observers' },
  {
    path: 'reconciliation_engine.position_staleness_timeout',
    renamedTo: 'quorum.max_age_s',
    advice: 'one age limit holds for every source',
  },
  { path: 'reconciliation_engine.order_gateway_url', advice: 'the gateway takes its orders from a queue' },
  {
    path: 'reconciliation_engine.kelly_threshold',
    advice: 'Kelly sizing is not part of this version; sizing is fixed or a share of equity',
  },
  { path: 'reconciliation_engine.probationary_multiplier', advice: 'Kelly sizing is not part of this version' },
  {
    path: 'http.stale_after_s',
    advice:
      'a number turns grey when the gates refuse it: limits.max_price_age_s, limits.max_mark_age_s, quorum.max_age_s',
  },
  { path: 'health_monitor', advice: 'every age is judged where it is used' },
  { path: 'observability', advice: 'telemetry.log_level decides what is written' },
  { path: 'providence.use_apex_survivors', advice: 'runs are not seeded from files in this version' },
  { path: 'providence.apex_survivors_dir', advice: 'runs are not seeded from files in this version' },
  { path: 'providence.ann_params', advice: 'parameters are drawn per strategy: providence.strategies.<name>.params' },
  { path: 'providence.purge_age_minutes', advice: 'it had no effect; see providence.retention_h' },
  { path: 'providence.mysql_update_frequency', advice: 'every batch is stored; there is no cache to flush' },
  { path: 'metrics', advice: 'metrics are read from /metrics' },
  { path: 'mcp', advice: 'there is no MCP server in this version' },
];

/** Keys that exist here, of which the original's values mean nothing: such a value is a warning, and the default holds. */
export const RETIRED_VALUES: readonly {
  readonly path: string;
  readonly isRetired: (value: unknown) => boolean;
  readonly advice: string;
}[] = [
  {
    path: 'providence.max_position_direction',
    isRetired: (value) => Number.isInteger(value) && Number(value) > 1,
    advice: 'a run is long, flat or short by one unit here, so 1 holds',
  },
];
