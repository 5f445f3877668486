import * as z from 'zod';

/** Born at the tick (or the schedule) and carried by every record, row and log line. */
export const traceSchema = z.object({
  correlationId: z.string().min(1).max(64),
  /** Local receive time of the oldest tick in the record; latency is measured from here. */
  bornAtMs: z.number().int(),
});
export type Trace = z.infer<typeof traceSchema>;
