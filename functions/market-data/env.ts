import * as z from 'zod';
import { TIMEFRAMES, type Timeframe } from '#shared/core/time.ts';
import {
  candleJobsQueueResources,
  databaseResources,
  processResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';

const timeframe = z.enum(TIMEFRAMES as [Timeframe, ...Timeframe[]]);
const ms = z.coerce.number().int().min(0);
/** `1m=120,4h=50,default=20`: numbers by timeframe. */
const perTimeframe = z.string().transform((text, context) => {
  const map = new Map<string, number>();
  for (const item of text.split(',')) {
    const [name, value] = item.split('=');
    const known = name === 'default' || TIMEFRAMES.includes(name as Timeframe);
    if (known && Number(value) > 0) map.set(name!, Number(value));
    else context.addIssue(`expected <timeframe>=<positive number>, not "${item}"`);
  }
  if (!map.has('default')) context.addIssue('expected default=<number>');
  return map as ReadonlyMap<string, number>;
});

/** Environment of market-data. */
export const marketDataEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** `market_data.timeframes`, separated by commas. */
  TIMEFRAMES: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(timeframe).min(1)),
  /** `market_data.lookback_bars`. */
  LOOKBACK_BARS: perTimeframe,
  /** `market_data.retention_days`. */
  RETENTION_DAYS: perTimeframe,
  /** `market_data.tick_retention_h`. */
  TICK_RETENTION_H: z.coerce.number().positive(),
  /** A bar counts as closed this long after its end. */
  SETTLE_MS: ms.default(2_000),
  /** A series is not queued again before this, unless it failed. */
  REQUEUE_AFTER_MS: ms.default(45_000),
  FAILURE_WAIT_MS: ms.default(30_000),
  FAILURE_WAIT_MAX_MS: ms.default(300_000),
  MAX_JOBS: z.coerce.number().int().min(1).max(10_000).default(500),
  /** Old rows are deleted once in each such slot, ... */
  PRUNE_EVERY_MS: ms.default(600_000),
  /** ... in statements of that many rows, that many in one invocation. */
  PRUNE_BATCH_ROWS: z.coerce.number().int().min(1).default(5_000),
  PRUNE_MAX_BATCHES: z.coerce.number().int().min(1).default(20),
});
export type MarketDataEnv = z.infer<typeof marketDataEnvSchema>;

export const forTimeframe = (map: ReadonlyMap<string, number>, name: Timeframe): number =>
  map.get(name) ?? map.get('default')!;

/** What market-data needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...candleJobsQueueResources,
  ...venueResources,
});
