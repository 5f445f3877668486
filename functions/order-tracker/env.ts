import * as z from 'zod';
import {
  databaseResources,
  orderQueueResources,
  processResources,
  runRequestResources,
  stateDatabaseResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';

const milliseconds = z.coerce.number().int().min(0).max(86_400_000);

/** Environment of order-tracker, parsed once at start. */
export const orderTrackerEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  ACCOUNT: z.string().min(1).max(64),
  /** `order_gateway.not_found_grace_s`. */
  NOT_FOUND_GRACE_S: z.coerce.number().min(1).max(300).default(5),
  /** Number of `reconciliation_engine.exit_slippage_steps`. */
  EXIT_RETRIES_MAX: z.coerce.number().int().min(0).max(20).default(4),
  /** Order status queries in one run; more orders take turns. */
  LOOKUPS_MAX: z.coerce.number().int().min(1).max(1000).default(20),
  /** Fills are read again from this long before the newest known one. */
  FILLS_OVERLAP_MS: milliseconds.default(5_000),
  /** All open orders are read this often even when nothing of ours is at work. */
  OPEN_ORDERS_EVERY_MS: milliseconds.default(60_000),
  /** How much later than the last fill, and how old, a report of the position must be before it is compared. */
  SETTLE_MS: milliseconds.default(3_000),
  /** Venue time for which a position must stay unexplained before its symbol goes on HOLD. */
  MISMATCH_PERSIST_MS: milliseconds.default(60_000),
  CANCEL_TTL_MS: milliseconds.default(30_000),
  /** From an end to the reconciliation of its symbol; the sources are read in between. */
  RECONCILE_DELAY_S: z.coerce.number().int().min(0).max(900).default(2),
  /** After its expiry an order may stay unresolved this long before it alarms. */
  UNRESOLVED_ALARM_MS: milliseconds.default(300_000),
  OUTBOX_BATCH_SIZE: z.coerce.number().int().min(1).max(1000).default(100),
  OUTBOX_RESEND_AFTER_MS: milliseconds.default(5_000),
});
export type OrderTrackerEnv = z.infer<typeof orderTrackerEnvSchema>;

/** What order-tracker needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...stateDatabaseResources,
  ...orderQueueResources,
  ...runRequestResources,
  ...venueResources,
});
