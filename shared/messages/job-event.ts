import * as z from 'zod';
import { type RunRequest, runRequestSchema, type ScheduledJob, scheduledJobSchema, slotMsOf } from './scheduled-job.ts';

export type JobMessage = ScheduledJob | RunRequest;

/** One job of an invocation. `messageId` is null when the event itself is the job (a schedule of a minute or more). */
export type JobRecord =
  | { readonly kind: 'job'; readonly messageId: string | null; readonly job: JobMessage }
  | { readonly kind: 'malformed'; readonly messageId: string | null; readonly body: string; readonly error: string };

const jobMessageSchema = z.discriminatedUnion('type', [scheduledJobSchema, runRequestSchema]);
const sqsEventSchema = z.looseObject({
  Records: z
    .array(z.looseObject({ messageId: z.string(), body: z.string() }))
    .min(1)
    .max(10_000),
});
const SAMPLE_MAX = 300;

/** Reads what a scheduled function receives: the schedule's own input, or an SQS batch of schedules and run-requests. */
export function parseJobEvent(event: unknown): readonly JobRecord[] {
  const batch = sqsEventSchema.safeParse(event);
  if (!batch.success) return [toRecord(null, event, () => JSON.stringify(event) ?? String(event))];
  return batch.data.Records.map((record) => {
    let body: unknown;
    try {
      body = JSON.parse(record.body);
    } catch {
      return malformed(record.messageId, record.body, 'not JSON');
    }
    return toRecord(record.messageId, body, () => record.body);
  });
}

function toRecord(messageId: string | null, value: unknown, text: () => string): JobRecord {
  const parsed = jobMessageSchema.safeParse(value);
  return parsed.success
    ? { kind: 'job', messageId, job: atItsSlot(parsed.data) }
    : malformed(messageId, text(), z.prettifyError(parsed.error));
}

/** With the slot itself as `scheduledTime`: what a job is known by. */
function atItsSlot(job: JobMessage): JobMessage {
  if (job.type !== 'schedule' || job.offsetS === undefined) return job;
  const { offsetS: _offsetS, ...rest } = job;
  return { ...rest, scheduledTime: new Date(slotMsOf(job)).toISOString() };
}

const malformed = (messageId: string | null, body: string, error: string): JobRecord => ({
  kind: 'malformed',
  messageId,
  body: body.slice(0, SAMPLE_MAX),
  error: error.slice(0, SAMPLE_MAX),
});
