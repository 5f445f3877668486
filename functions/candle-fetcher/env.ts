import * as z from 'zod';
import { databaseResources, processResources, venueResources } from '#shared/messages/aws-resources.ts';

/** Environment of the candle fetcher. */
export const candleFetcherEnvSchema = z.object({
  /** `market_data.concurrency_limit`: fetches under way at once in one invocation. */
  CONCURRENCY_LIMIT: z.coerce.number().int().min(1).max(50),
});
export type CandleFetcherEnv = z.infer<typeof candleFetcherEnvSchema>;

/** What candle-fetcher needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...venueResources,
});
