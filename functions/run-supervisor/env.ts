import * as z from 'zod';
import { providenceSettingsSchema } from '#shared/core/runs/providence-settings.ts';

/** Environment of run-supervisor, parsed once at start. */
export const runSupervisorEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  ACCOUNT: z.string().min(1).max(64),
  /** Section `providence` of the settings as JSON. */
  PROVIDENCE: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(providenceSettingsSchema),
});
export type RunSupervisorEnv = z.infer<typeof runSupervisorEnvSchema>;
