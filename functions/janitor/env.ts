import * as z from 'zod';
import {
  databaseResources,
  observerBucketResources,
  processResources,
  stateDatabaseResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';

const list = z.string().transform((text) => text.split(',').filter((item) => item !== ''));
const ms = z.coerce.number().int().min(0);

/** Environment of the janitor; lists are separated by commas. */
export const janitorEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** The account whose snapshot and orders decide when RECONCILING ends. */
  ACCOUNT: z.string().min(1).max(64),
  /** Its name in the observers' documents. */
  ADDRESS: z.string().min(1).max(64),
  VENUE_KIND: z.enum(['simulator', 'paper', 'testnet', 'live']),
  APPROVAL: z.enum(['manual', 'automatic']),
  /** Configured symbols; those that never were products become managed. */
  SYMBOLS: list,
  OBSERVER_IDS: list,
  /** Observers that must have seen the account since the start: the quorum less the own table. */
  OBSERVERS_REQUIRED: z.coerce.number().int().min(0).max(10),
  /** Instruments are loaded again at this age. */
  INSTRUMENTS_REFRESH_MS: ms,
  /** Older instruments keep the system in RECONCILING. */
  INSTRUMENTS_MAX_AGE_MS: ms,
  /** Two beats of the janitor further apart mean that the machine slept. */
  CLOCK_JUMP_MS: ms,
  /** Between two comparisons with the venue's clock while all is well. */
  CLOCK_CHECK_MS: ms.default(60_000),
  CLOCK_BEHIND_MAX_MS: ms,
  CLOCK_AHEAD_MAX_MS: ms,
  /** `resilience.health_check_s`: the venue's markets are loaded this often. */
  HEALTH_CHECK_MS: ms.default(300_000),
});

export type JanitorEnv = z.infer<typeof janitorEnvSchema>;

/** What janitor needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...stateDatabaseResources,
  ...observerBucketResources,
  ...venueResources,
});
