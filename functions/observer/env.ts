import * as z from 'zod';
import { observerBucketResources, processResources, venueResources } from '#shared/messages/aws-resources.ts';

/** Environment of one observer; it has no database and no key. */
export const observerEnvSchema = z.object({
  OBSERVER_ID: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  EXCHANGE: z.string().min(1).max(64),
  /** Addresses to watch, separated by commas. */
  WALLET_ADDRESSES: z
    .string()
    .transform((text) => text.split(',').filter((item) => item !== ''))
    .pipe(z.array(z.string().max(64)).min(1).max(20)),
});
export type ObserverEnv = z.infer<typeof observerEnvSchema>;

/** What one observer needs on AWS: no database, no key. */
export const resourcesSchema = z.object({
  ...processResources,
  ...observerBucketResources,
  ...venueResources,
});
