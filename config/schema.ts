import * as z from 'zod';
import { engineSectionSchema, quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import { providenceSettingsSchema, takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { TIMEFRAMES, type Timeframe } from '#shared/core/time.ts';
import { entryName, exchangesSchema, httpUrl } from './venues.ts';

/**
 * The one list of settings: names, types and ranges. Meaning, unit and reason of each key stand in default.yaml,
 * which holds every key; a stage file holds differences only. Rules between keys are in cross-checks.ts.
 */

const seconds = (min: number, max: number) => z.number().min(min).max(max);
const wholeSeconds = (min: number, max: number) => z.int().min(min).max(max);
const count = (min: number, max: number) => z.int().min(min).max(max);
const name = entryName;
const timeframe = z.enum(TIMEFRAMES as [Timeframe, ...Timeframe[]]);
const cadence = wholeSeconds(1, 86_400);
const perTimeframe = (value: z.ZodNumber) => z.strictObject({ default: value }).extend(timeframeKeys(value.optional()));
const timeframeKeys = <S extends z.ZodType>(schema: S) =>
  Object.fromEntries(TIMEFRAMES.map((frame) => [frame, schema])) as Record<Timeframe, S>;

/** Event source mapping of a stream, in Lambda's own limits. */
const consumer = z.strictObject({
  batch_size: count(1, 10_000),
  window_s: wholeSeconds(0, 300),
  retries: count(0, 100),
  max_record_age_s: wholeSeconds(60, 604_800),
});
/** Event source mapping of a queue, in SQS's own limits. */
const queue = z.strictObject({
  batch_size: count(1, 10),
  concurrency: count(1, 100),
  visibility_s: wholeSeconds(1, 43_200),
  max_receives: count(1, 1000),
});

export const configSchema = z.strictObject({
  stage: name,
  state_dir: z.string().min(1).max(1024),
  state_lock_wait_s: seconds(1, 600),
  exchanges: exchangesSchema,
  cadences: z.strictObject({
    balance: cadence,
    observer: cadence,
    market_data: cadence,
    run_supervisor: cadence,
    order_tracker: cadence,
    janitor: cadence,
    instruments: cadence,
  }),
  clock: z.strictObject({
    behind_max_s: seconds(1, 60),
    ahead_max_s: seconds(1, 60),
    check_every_s: wholeSeconds(5, 3600),
  }),
  market_data: z.strictObject({
    timeframes: z.array(timeframe).min(1).max(TIMEFRAMES.length),
    concurrency_limit: count(1, 50),
    lookback_bars: perTimeframe(count(2, 5000)),
    retention_days: perTimeframe(count(1, 3650)),
    tick_retention_h: count(1, 8760),
    gap_alarm_s: wholeSeconds(60, 86_400),
  }),
  reconciliation_engine: z.strictObject({
    ...engineSectionSchema.shape,
    rebalance_frequency: cadence,
    on_change: z.strictObject({ enabled: z.boolean(), min_interval_s: seconds(0, 3600) }),
  }),
  quorum: z.strictObject({
    ...quorumSectionSchema.shape,
    sources: z
      .array(z.string().regex(/^(own-table|observer:[a-z][a-z0-9-]{0,31})$/, 'expected own-table or observer:<id>'))
      .min(1)
      .max(11),
    observers: z.array(z.strictObject({ id: name, http_url: httpUrl.nullable() })).max(10),
  }),
  limits: orderLimitsSchema,
  trading_hours: z.strictObject({ calendar: z.enum(['always', 'european-week']) }),
  take_profit: takeProfitSettingsSchema,
  // The shape alone: its rules between keys are among the others in cross-checks.ts.
  providence: z.strictObject(providenceSettingsSchema.shape),
  resilience: z.strictObject({
    timeout_ms: count(100, 120_000),
    retry_delays_ms: z.array(count(0, 60_000)).max(10),
    breaker: z.strictObject({ failures: count(1, 1000), open_s: seconds(1, 3600) }),
    health_check_s: wholeSeconds(10, 86_400),
    weight_per_minute: count(10, 100_000),
  }),
  feed: z.strictObject({
    liveness_s: seconds(1, 600),
    ping_interval_s: seconds(1, 55),
    backoff_min_ms: count(1, 60_000),
    backoff_max_ms: count(1, 600_000),
    flush_interval_ms: count(0, 10_000),
    dedupe_window: count(100, 1_000_000),
  }),
  order_gateway: z.strictObject({
    not_found_grace_s: seconds(1, 300),
    lease_ttl_s: wholeSeconds(5, 600),
    outbox_batch_size: count(1, 1000),
  }),
  http: z.strictObject({
    port: count(0, 65_535),
    max_body_bytes: count(1024, 10_485_760),
    events_interval_ms: count(100, 60_000),
    max_event_clients: count(1, 1000),
  }),
  streams: z.strictObject({
    max_records: count(100, 10_000_000),
    consumers: z.strictObject({ price_consumer: consumer, run_strategies: consumer, balance_consumer: consumer }),
  }),
  queues: z.strictObject({
    max_messages: count(10, 10_000_000),
    candle_jobs: queue,
    orders: queue,
    run_requests: queue,
  }),
  simulator: z.strictObject({
    seed: count(0, 4_294_967_295),
    port: count(0, 65_535),
    ticks_per_second: z.number().positive().max(100_000),
    warm_up_h: count(0, 720),
  }),
  paper: z.strictObject({
    equity_quote: z.number().positive().max(1_000_000_000),
    taker_fee: z.number().min(0).max(0.1),
    maker_fee: z.number().min(0).max(0.1),
    spread_bps: z.number().min(0).max(1000),
    depth_quote: z.number().min(1).max(1_000_000_000),
    max_price_age_s: wholeSeconds(1, 3600),
  }),
  aws: z.strictObject({
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region such as ap-northeast-1'),
    parked: z.boolean(),
    static_egress: z.boolean(),
    alarm_email: z.email().max(254).nullable(),
    log_retention_days: z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365]),
    saved_queries: z.boolean(),
    shards: count(1, 10),
    database: z.strictObject({
      min_acu: z.number().multipleOf(0.5).min(0.5).max(128),
      max_acu: z.number().multipleOf(0.5).min(1).max(256),
      backup_days: count(1, 35),
    }),
    functions: z.strictObject({ memory_mib: count(128, 10_240), timeout_s: wholeSeconds(10, 900) }),
    producer: z.strictObject({ cpu_units: z.literal([256, 512, 1024]), memory_mib: count(512, 8192) }),
  }),
  telemetry: z.strictObject({
    log_level: z.enum(['debug', 'info', 'warn', 'error']),
    log_max_bytes: count(4096, 1_073_741_824),
    log_max_files: count(1, 100),
    log_buffer_records: count(100, 1_000_000),
  }),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** All settings of a stage, checked and frozen. */
export type Config = DeepReadonly<z.infer<typeof configSchema>>;

/** Bars or days set for a timeframe, or the default of the map. */
export const forTimeframe = (map: Config['market_data']['lookback_bars'], frame: Timeframe): number =>
  map[frame] ?? map.default;
