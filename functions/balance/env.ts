import * as z from 'zod';
import { quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import {
  accountStreamResources,
  databaseResources,
  observerBucketResources,
  processResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

/** Environment of balance, parsed once at start. */
export const balanceEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** Key of the rows. */
  ACCOUNT: z.string().min(1).max(64),
  /** Master address: what the venue is asked about. */
  ADDRESS: z.string().min(1).max(64),
  /** Section `quorum` of the settings as JSON. */
  QUORUM: jsonSection(quorumSectionSchema),
  /** Observers that must have read a contradictory equity before it is believed; 0 where only the own books know. */
  CONFIRMATIONS: z.coerce.number().int().min(0).max(10),
});
export type BalanceEnv = z.infer<typeof balanceEnvSchema>;

/** What balance needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...observerBucketResources,
  ...accountStreamResources,
  ...venueResources,
});
