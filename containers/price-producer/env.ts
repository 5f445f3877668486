import * as z from 'zod';
import type { TickSequenceLimits } from '#shared/core/market/tick-sequence.ts';
import {
  databaseResources,
  marketStreamResources,
  processResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';
import { jsonSection } from '#shared/messages/json-section.ts';
import { feedSettingsSchema } from '#shared/messages/venue-settings.ts';

/** What the price producer must be told; the feed's own settings go to the feed. */
export interface PriceProducerEnv {
  readonly exchange: string;
  /** Trades wait at most this long for company; 0 publishes each message at once. */
  readonly flushIntervalMs: number;
  readonly flushTicks: number;
  readonly maxRecordsPerPut: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly sequence: TickSequenceLimits;
  /** The list of symbols is read again this often, and sooner while it cannot be read or is empty. */
  readonly instrumentsReloadMs: number;
  readonly instrumentsRetryMs: number;
  /** Without data of any symbol for this long the producer is unhealthy. */
  readonly livenessMs: number;
  /** `stop` gives the stream this long to take what is pending. */
  readonly stopTimeoutMs: number;
}

/** Defaults for everything but the exchange. */
export const PRICE_PRODUCER_DEFAULTS: Omit<PriceProducerEnv, 'exchange'> = {
  flushIntervalMs: 200,
  flushTicks: 100,
  maxRecordsPerPut: 500,
  retryMinMs: 100,
  retryMaxMs: 10_000,
  sequence: {
    rememberedIds: 2_000,
    maxPending: 5_000,
    maxAgeMs: 60_000,
    maxBackfillAgeMs: 3_600_000,
    maxFutureMs: 10_000,
  },
  instrumentsReloadMs: 300_000,
  instrumentsRetryMs: 5_000,
  livenessMs: 60_000,
  stopTimeoutMs: 2_500,
};

/** Environment variables of the container, parsed once at start. */
export const priceProducerEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  FEED: jsonSection(feedSettingsSchema),
  FLUSH_INTERVAL_MS: z.coerce.number().int().min(0).max(10_000),
  /** Trade ids remembered per symbol. */
  DEDUPE_WINDOW: z.coerce.number().int().min(100).max(1_000_000),
  /** Loopback port that answers the container's health check. */
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
});
export type PriceProducerVariables = z.infer<typeof priceProducerEnvSchema>;

export const priceProducerEnv = (env: PriceProducerVariables): PriceProducerEnv => ({
  ...PRICE_PRODUCER_DEFAULTS,
  exchange: env.EXCHANGE,
  flushIntervalMs: env.FLUSH_INTERVAL_MS,
  livenessMs: env.FEED.livenessMs,
  sequence: { ...PRICE_PRODUCER_DEFAULTS.sequence, rememberedIds: env.DEDUPE_WINDOW },
});

/** What the price producer needs on AWS; a database user that can only read is enough. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...marketStreamResources,
  ...venueResources,
});
