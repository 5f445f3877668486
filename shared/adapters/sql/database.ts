/**
 * Row types of every table, as Kysely sees them. DECIMAL columns are text on both databases; BIGINT epoch milliseconds and
 * millionths are numbers below 2^53; booleans are 0 or 1. Migrations in ./migrations are the source of truth.
 */
import type { ColumnType, Generated } from 'kysely';
import type { PaperTables } from './paper-tables.ts';

type Bool = 0 | 1;
/** Auto-increment key: never inserted by hand. */
type AutoId = Generated<number>;
type Money = ColumnType<string, string, string>;

export interface Database extends PaperTables {
  exchanges: { name: string; kind: string; api_url: string; ws_url: string; created_at_ms: number };
  instruments: {
    exchange: string;
    symbol: string;
    coin: string;
    dex: string | null;
    asset_id: number;
    size_decimals: number;
    max_leverage: number;
    min_notional_quote: Money;
    status: string;
    last_seen_ms: number;
    /** Price rule, lot and margin mode; null in rows that a release before wrote: read as if they were not there. */
    rules_json: string | null;
  };
  /** The symbols that 3T manages; removing one keeps the row with managed = 0 until it is flat. */
  products: {
    exchange: string;
    symbol: string;
    managed: Bool;
    leverage: number | null;
    /** Set when the operator took the symbol over: 3T neither trades nor flattens it. */
    released_at_ms: number | null;
    created_at_ms: number;
    /** Null in rows of a release that did not write it. */
    managed_since_ms: number | null;
    takeover: string | null;
  };

  /** One row per account: the newest complete or incomplete snapshot of our own table's source. */
  account_snapshots: {
    exchange: string;
    account: string;
    venue_time_ms: number;
    stored_at_ms: number;
    complete: Bool;
    equity_quote: Money;
    margin_used_quote: Money;
    maintenance_margin_quote: Money;
    withdrawable_quote: Money;
    sub_accounts_json: string;
  };
  /** Beside `account_snapshots`, whose amounts are the last believed ones. */
  account_money: {
    exchange: string;
    account: string;
    /** Of the snapshot that this row was written with. */
    venue_time_ms: number;
    mode: string | null;
    /** Null: none ever was. */
    believed_json: string | null;
    /** Null: the newest snapshot's money is believed. */
    doubt_json: string | null;
  };
  positions: {
    exchange: string;
    account: string;
    symbol: string;
    coin: string;
    size: Money;
    entry_price: Money | null;
    value_quote: Money;
    unrealized_pnl_quote: Money;
    margin_used_quote: Money;
    liquidation_price: Money | null;
    venue_time_ms: number;
  };
  position_epochs: {
    exchange: string;
    account: string;
    symbol: string;
    epoch: number;
    /** Venue time of the newest event that ended an order of ours; sources must be later. */
    settled_at_ms: number;
    /** Coded reason of a HOLD (foreign change), or null. */
    hold_reason: string | null;
    held_at_ms: number | null;
    /** Unfilled exits in a row: widens the next exit's price bound. */
    exit_attempts: number;
    /** Leverage that the venue confirmed; null when we never set it. */
    leverage_set: number | null;
    /** Foreign changes up to then were adopted by a human. */
    adopted_at_ms: number | null;
    /** Refusals in a row since the venue last took an order; null is none. */
    refusals: number | null;
    refusal_code: string | null;
    refused_at_ms: number | null;
    updated_at_ms: number;
  };
  balance_history: {
    exchange: string;
    account: string;
    venue_time_ms: number;
    equity_quote: Money;
    margin_used_quote: Money;
    maintenance_margin_quote: Money;
    /** Deposits minus withdrawals since the beginning of the account, as known then. */
    net_transfers_quote: Money;
    complete: Bool;
  };
  market_data: {
    exchange: string;
    symbol: string;
    timeframe: string;
    open_time_ms: number;
    open: Money;
    high: Money;
    low: Money;
    close: Money;
    volume: Money;
    final: Bool;
    updated_at_ms: number;
  };
  stream_data: {
    exchange: string;
    symbol: string;
    trade_id: string;
    venue_time_ms: number;
    price: Money;
    size: Money;
    side: string;
    received_at_ms: number;
  };
  latest_prices: {
    exchange: string;
    symbol: string;
    price: Money;
    trade_id: string;
    venue_time_ms: number;
    received_at_ms: number;
    /** Mark price and its time, from market-data refreshes; null until seen. */
    mark_price: Money | null;
    mark_time_ms: number | null;
  };
  trading_range: { exchange: string; symbol: string; high: Money; low: Money; updated_at_ms: number };

  runs: {
    id: AutoId;
    /** Natural key of creation: supervisor slot and index, so that a redelivered supervisor creates nothing twice. */
    creation_key: string;
    exchange: string;
    symbol: string;
    strategy: string;
    params_json: string;
    /** Versioned state text of core/runs, ≤ 400 bytes. */
    state: string;
    position_direction: number;
    live_pnl_micros: number;
    start_balance_micros: number;
    end_balance_micros: number | null;
    /** Epoch of finalised cohorts (take profit); null while live or stopped. */
    height: number | null;
    /** 1: asked to stop. */
    exit_run: Bool;
    end_reason: string | null;
    started_at_ms: number;
    ended_at_ms: number | null;
    /** Market time of the last tick that stepped it; staleness is judged by it. */
    updated_at_ms: number;
  };
  /** Last processed position per symbol: the guard of exactly-once stepping. */
  run_cohorts: {
    exchange: string;
    symbol: string;
    version: number;
    last_trade_time_ms: number;
    /** Trade ids processed at exactly last_trade_time_ms, as a JSON array; older ones are duplicates by time. */
    last_trade_ids_json: string;
    /** The forming one-minute bar and the closed ones before it (core/runs/cohort). */
    bars_json: string;
    /** `live`, `warming-up` or `data-gap`. */
    data_state: string;
    data_state_since_ms: number;
    updated_at_ms: number;
  };
  take_profit_state: {
    exchange: string;
    account: string;
    baseline_quote: Money | null;
    /** Net transfers at the last judged balance: the baseline moves with deposits and withdrawals. */
    net_transfers_quote: Money | null;
    /** JSON array of up to five first values while the baseline is being formed. */
    samples_json: string;
    height: number;
    /** Null, or the latched stop: `take-profit`, `drawdown`. Desired is known(0) while set. */
    latched: string | null;
    latched_at_ms: number | null;
    last_venue_time_ms: number;
    version: number;
  };

  decisions: {
    id: string;
    cycle_id: string;
    exchange: string;
    account: string;
    symbol: string;
    epoch: number;
    /** `order`, `refusal`, `in-sync`, `superseded`, `cancel`. */
    kind: string;
    /** Order class, or the refusal's code. */
    code: string;
    message: string;
    desired_size: Money | null;
    actual_size: Money | null;
    client_order_id: string | null;
    /** All inputs: sources with number, age and reason; runs aggregate; price; sizing arithmetic; each rule's verdict. */
    inputs_json: string;
    correlation_id: string;
    /** Repeated identical refusals are one episode with a count. */
    episode_count: number;
    created_at_ms: number;
    last_at_ms: number;
  };
  order_execution_log: {
    client_order_id: string;
    exchange: string;
    account: string;
    symbol: string;
    epoch: number;
    leg: number;
    decision_id: string;
    order_class: string;
    side: string;
    size: Money;
    limit_price: Money;
    time_in_force: string;
    reduce_only: Bool;
    status: string;
    venue_order_id: string | null;
    filled_size: Money;
    average_price: Money | null;
    error_code: string | null;
    error_message: string | null;
    /** Idempotency-Key and body hash of POST /execute_order; null for orders of the reconciliation. */
    idempotency_key: string | null;
    request_hash: string | null;
    created_at_ms: number;
    expires_at_ms: number;
    sent_at_ms: number | null;
    answered_at_ms: number | null;
    ended_at_ms: number | null;
    venue_ended_at_ms: number | null;
    correlation_id: string;
    born_at_ms: number;
  };
  order_outbox: {
    client_order_id: string;
    exchange: string;
    account: string;
    body: string;
    created_at_ms: number;
    expires_at_ms: number;
    /** When it was last put on the queue; null before the first time. */
    enqueued_at_ms: number | null;
    attempts: number;
    acked_at_ms: number | null;
  };
  fills: {
    exchange: string;
    account: string;
    trade_id: string;
    venue_order_id: string;
    client_order_id: string | null;
    symbol: string;
    side: string;
    price: Money;
    size: Money;
    fee_quote: Money;
    /** 1: paid in something else than quote; `fee_quote` is then 0. Null in rows of an older release. */
    fee_unknown: Bool | null;
    /** As it was paid; null in rows of an older release. */
    fee_amount: Money | null;
    fee_currency: string | null;
    closed_pnl_quote: Money;
    start_position: Money;
    /** 1: the venue does not say where the position stood; `start_position` is then 0. */
    start_unknown: Bool | null;
    /** For sums in SQL (daily loss and fees). */
    fee_micros: number;
    closed_pnl_micros: number;
    crossed: Bool;
    liquidation: Bool;
    /** 1 when an intent of ours explains it. */
    ours: Bool;
    venue_time_ms: number;
    stored_at_ms: number;
  };
  system_state: {
    exchange: string;
    state: string;
    lock_mode: string | null;
    reason: string;
    changed_by: string;
    changed_at_ms: number;
    approved: Bool;
    version: number;
  };
  system_state_audit: {
    exchange: string;
    version: number;
    from_state: string | null;
    to_state: string;
    lock_mode: string | null;
    changed_by: string;
    reason: string;
    approved: Bool;
    at_ms: number;
  };
  breaker_state: {
    exchange: string;
    /** Order class or `market-data`: exits have their own breaker. */
    class: string;
    state: string;
    failures: number;
    opened_at_ms: number | null;
    updated_at_ms: number;
  };
  fetch_state: {
    exchange: string;
    symbol: string;
    timeframe: string;
    /** Open time of the newest final bar stored; times are -1 before the first. */
    last_final_open_ms: number;
    /** When a job for the series was last queued, and for which bar. */
    queued_bar_ms: number;
    queued_at_ms: number;
    /** Failures for good since the last success. */
    failures: number;
    failed_at_ms: number;
    updated_at_ms: number;
  };
  /** Last successful slot and heartbeat of each scheduled job. */
  exchange_jobs: {
    exchange: string;
    job: string;
    last_slot_ms: number;
    last_ok_ms: number;
    last_error: string | null;
    detail_json: string;
  };
  public_trades: {
    exchange: string;
    symbol: string;
    trade_id: string;
    venue_time_ms: number;
    price: Money;
    size: Money;
    side: string;
  };
  backfill_files: { path: string; sha256: string; status: string; rows_loaded: number; updated_at_ms: number };
  dead_letters: {
    id: string;
    source: string;
    record_id: string;
    error: string;
    payload: string;
    attempts: number;
    failed_at_ms: number;
  };
  alerts: {
    id: string;
    kind: string;
    severity: string;
    exchange: string;
    symbol: string | null;
    message: string;
    detail_json: string;
    count: number;
    first_at_ms: number;
    last_at_ms: number;
    notified_at_ms: number | null;
  };
  leases: { name: string; holder: string; fence: number; expires_at_ms: number };
  /** Installation tag, schema marks: one value per name. */
  installation: { name: string; value: string };
}
