import * as z from 'zod';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { databaseResources, processResources, runRequestResources } from '#shared/messages/aws-resources.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

/** Environment of balance-consumer, parsed once at start. */
export const balanceConsumerEnvSchema = z.object({
  /** Section `take_profit` of the settings as JSON. */
  TAKE_PROFIT: jsonSection(takeProfitSettingsSchema),
});
export type BalanceConsumerEnv = z.infer<typeof balanceConsumerEnvSchema>;

/** What balance-consumer needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...runRequestResources,
});
