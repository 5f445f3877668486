import * as z from 'zod';
import { providenceSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { databaseResources, processResources } from '#shared/messages/aws-resources.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

/** Environment of run-supervisor, parsed once at start. */
export const runSupervisorEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  ACCOUNT: z.string().min(1).max(64),
  /** Section `providence` of the settings as JSON. */
  PROVIDENCE: jsonSection(providenceSettingsSchema),
  /** `market_data.gap_alarm_s`. */
  GAP_ALARM_S: z.coerce.number().positive().default(600),
});
export type RunSupervisorEnv = z.infer<typeof runSupervisorEnvSchema>;

/** What run-supervisor needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
});
