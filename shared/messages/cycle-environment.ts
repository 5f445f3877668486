import * as z from 'zod';
import type { CycleSettings } from '#shared/core/reconciliation/cycle-inputs.ts';
import { cycleSettings, engineSectionSchema, quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import { jsonSection } from './json-section.ts';

/** Environment variables that say how a cycle decides; orders by hand obey the same. Keys that a cycle does not read are ignored. */
export const cycleEnvironment = {
  RECONCILIATION_ENGINE: jsonSection(engineSectionSchema),
  QUORUM: jsonSection(quorumSectionSchema),
  LIMITS: jsonSection(orderLimitsSchema),
  CALENDAR: z.enum(['always', 'european-week']),
  /** Ceiling of leverage on HIP-3 dexes. */
  HIP3_LEVERAGE: z.coerce.number().min(1).max(100).default(5),
  /** How old the run supervisor's heartbeat may be. */
  SUPERVISOR_MAX_AGE_MS: z.coerce.number().int().min(1000),
};

const schema = z.object(cycleEnvironment);

/** Throws when not exactly one sizing is set. */
export const settingsOf = (env: z.infer<typeof schema>): CycleSettings =>
  cycleSettings({
    engine: env.RECONCILIATION_ENGINE,
    quorum: env.QUORUM,
    limits: env.LIMITS,
    calendar: env.CALENDAR,
    hip3Leverage: env.HIP3_LEVERAGE,
    supervisorAgeMsMax: env.SUPERVISOR_MAX_AGE_MS,
  });
