import * as z from 'zod';
import {
  accountStreamResources,
  databaseResources,
  processResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';

/** Environment of balance, parsed once at start. */
export const balanceEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** Key of the rows. */
  ACCOUNT: z.string().min(1).max(64),
  /** Master address: what the venue is asked about. */
  ADDRESS: z.string().min(1).max(64),
});
export type BalanceEnv = z.infer<typeof balanceEnvSchema>;

/** What balance needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...accountStreamResources,
  ...venueResources,
});
