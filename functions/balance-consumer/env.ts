import * as z from 'zod';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

/** Environment of balance-consumer, parsed once at start. */
export const balanceConsumerEnvSchema = z.object({
  /** Section `take_profit` of the settings as JSON. */
  TAKE_PROFIT: jsonSection(takeProfitSettingsSchema),
});
export type BalanceConsumerEnv = z.infer<typeof balanceConsumerEnvSchema>;
