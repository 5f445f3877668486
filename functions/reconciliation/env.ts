import * as z from 'zod';
import {
  databaseResources,
  observerBucketResources,
  orderQueueResources,
  processResources,
  runRequestResources,
} from '#shared/messages/aws-resources.ts';
import { cycleEnvironment } from '#shared/messages/cycle-environment.ts';

/** Environment of reconciliation, parsed once at start. */
export const reconciliationEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** Key of the rows. */
  ACCOUNT: z.string().min(1).max(64),
  /** Key in the observers' documents. */
  ADDRESS: z.string().min(1).max(64),
  ...cycleEnvironment,
  /** Name of the run supervisor's job in `exchange_jobs`. */
  SUPERVISOR_JOB: z.string().min(1).max(64).default('run-supervisor'),
  /** Longest wait before symbols whose sources were too old are planned again. */
  SOURCES_RETRY_S_MAX: z.coerce.number().int().min(0).max(900).default(64),
  /** Fixed name where invocations never overlap (one process); absent on AWS. */
  LEASE_HOLDER: z.string().min(1).max(64).optional(),
  OUTBOX_BATCH_SIZE: z.coerce.number().int().min(1).max(1000).default(100),
  OUTBOX_RESEND_AFTER_MS: z.coerce.number().int().min(0).default(5000),
});
export type ReconciliationEnv = z.infer<typeof reconciliationEnvSchema>;

/** What reconciliation needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...observerBucketResources,
  ...orderQueueResources,
  ...runRequestResources,
});
