import * as z from 'zod';
import { nameText } from './fields.ts';

/**
 * The Input of an EventBridge Scheduler schedule: what a scheduled function receives as its whole event, or as the body
 * of an SQS record when the cadence is below a minute (queue-delay pattern, docs/adr).
 * `scheduledTime` is `<aws.scheduler.scheduled-time>`: ISO 8601, a whole minute; `offsetS` the second of it that the slot begins at.
 * The slot, not the arrival, is the identity of the job.
 */
export const scheduledJobSchema = z.object({
  v: z.literal(1),
  type: z.literal('schedule'),
  job: nameText,
  scheduledTime: z.iso.datetime(),
  executionId: z.string().min(1).max(128),
  attempt: z.coerce.number().int().min(1).default(1),
  offsetS: z.number().int().min(0).max(59).optional(),
});
export type ScheduledJob = z.infer<typeof scheduledJobSchema>;

/**
 * Job of the janitor's one invocation at each start of the platform, before anything else runs. On AWS a start is a deployment.
 */
export const JANITOR_START_JOB = 'janitor-start';

/** Beginning of the slot that a schedule stands for. */
export const slotMsOf = ({ scheduledTime, offsetS = 0 }: Pick<ScheduledJob, 'scheduledTime' | 'offsetS'>): number =>
  Date.parse(scheduledTime) + offsetS * 1000;

/** Asks a scheduled function to run now, out of turn: after a fill, from `3t reconcile`, from a change of desire. */
export const runRequestSchema = z.object({
  v: z.literal(1),
  type: z.literal('run-request'),
  job: nameText,
  exchange: nameText,
  /** Symbols concerned; null means all. */
  symbols: z.array(z.string().max(50)).max(1000).nullable(),
  reason: z.string().min(1).max(200),
  /** Which repeat of itself this is; a request repeats only so often. Absent means the first. */
  attempt: z.number().int().min(1).max(100).optional(),
  trace: z.object({ correlationId: z.string().min(1).max(64), bornAtMs: z.number().int() }),
});
export type RunRequest = z.infer<typeof runRequestSchema>;
