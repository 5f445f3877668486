import * as z from 'zod';
import { databaseResources, processResources, runRequestResources } from '#shared/messages/aws-resources.ts';

/** Environment of run-strategies, parsed once at start. Seconds and USD as the settings have them. */
export const runStrategiesEnvSchema = z.object({
  /** `reconciliation_engine.live_pnl_threshold`: a run must earn strictly more to count. */
  LIVE_PNL_THRESHOLD: z.coerce.number().min(-1e9).max(1e9),
  /** `reconciliation_engine.on_change.enabled`. */
  ON_CHANGE_ENABLED: z.stringbool(),
  /** `reconciliation_engine.on_change.min_interval_s`: repeats of one wish within it are one request. */
  ON_CHANGE_MIN_INTERVAL_S: z.coerce.number().min(0).max(3600),
  /** Units of Σ direction that a symbol must move by. */
  ON_CHANGE_DIRECTION_MIN: z.coerce.number().int().min(1).default(1),
});
export type RunStrategiesEnv = z.infer<typeof runStrategiesEnvSchema>;

/** What run-strategies needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...runRequestResources,
});
