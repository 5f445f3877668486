import * as z from 'zod';
import { databaseResources, databaseUserResources, processResources } from '#shared/messages/aws-resources.ts';

/** Environment of migrate. */
export const migrateEnvSchema = z.object({
  /** A paused database is waited for this long; waking takes 15 to 30 seconds. */
  WAKE_TIMEOUT_MS: z.coerce.number().int().min(0).max(600_000).default(120_000),
});

/** What migrate needs on AWS: the owner of the schema, and the secrets of the users that it makes. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...databaseUserResources,
});
