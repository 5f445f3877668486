import * as z from 'zod';
import type { CycleSettings } from '#shared/core/reconciliation/cycle-inputs.ts';
import { cycleSettings, engineSectionSchema, quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

/** Environment of reconciliation, parsed once at start. */
export const reconciliationEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** Key of the rows. */
  ACCOUNT: z.string().min(1).max(64),
  /** Key in the observers' documents. */
  ADDRESS: z.string().min(1).max(64),
  /** Sections of the settings; keys that a cycle does not read are ignored. */
  RECONCILIATION_ENGINE: jsonSection(engineSectionSchema),
  QUORUM: jsonSection(quorumSectionSchema),
  LIMITS: jsonSection(orderLimitsSchema),
  CALENDAR: z.enum(['always', 'european-week']),
  /** Ceiling of leverage on HIP-3 dexes. */
  HIP3_LEVERAGE: z.coerce.number().min(1).max(100).default(5),
  /** Name of the run supervisor's job in `job_state`, and how old its heartbeat may be. */
  SUPERVISOR_JOB: z.string().min(1).max(64).default('run-supervisor'),
  SUPERVISOR_MAX_AGE_MS: z.coerce.number().int().min(1000),
  /** Longest wait before symbols whose sources were too old are planned again. */
  SOURCES_RETRY_S_MAX: z.coerce.number().int().min(0).max(900).default(64),
  /** Fixed name where invocations never overlap (one process); absent on AWS. */
  LEASE_HOLDER: z.string().min(1).max(64).optional(),
  OUTBOX_BATCH_SIZE: z.coerce.number().int().min(1).max(1000).default(100),
  OUTBOX_RESEND_AFTER_MS: z.coerce.number().int().min(0).default(5000),
});
export type ReconciliationEnv = z.infer<typeof reconciliationEnvSchema>;

/** Throws when not exactly one sizing is set. */
export const settingsOf = (env: ReconciliationEnv): CycleSettings =>
  cycleSettings({
    engine: env.RECONCILIATION_ENGINE,
    quorum: env.QUORUM,
    limits: env.LIMITS,
    calendar: env.CALENDAR,
    hip3Leverage: env.HIP3_LEVERAGE,
    supervisorAgeMsMax: env.SUPERVISOR_MAX_AGE_MS,
  });
