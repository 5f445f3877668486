import * as z from 'zod';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';

/** Environment of balance-consumer, parsed once at start. */
export const balanceConsumerEnvSchema = z.object({
  /** Section `take_profit` of the settings as JSON. */
  TAKE_PROFIT: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(takeProfitSettingsSchema),
});
export type BalanceConsumerEnv = z.infer<typeof balanceConsumerEnvSchema>;
