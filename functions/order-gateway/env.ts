import * as z from 'zod';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import {
  databaseResources,
  processResources,
  runRequestResources,
  tradingSecretResources,
  venueResources,
} from '#shared/messages/aws-resources.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

/** Environment of order-gateway, parsed once at start. */
export const orderGatewayEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  /** Section `limits` of the settings as JSON. */
  LIMITS: jsonSection(orderLimitsSchema),
  /**
   * Names this writer in the account's lease. Locally the same after a restart, so that a killed platform need not wait for its
   * own lease; on AWS one per deployment, because the FIFO group lets only one of its invocations run.
   */
  LEASE_HOLDER: z.string().min(1).max(64),
  /** `order_gateway.lease_ttl_s`. */
  LEASE_TTL_S: z.coerce.number().positive().max(600).default(30),
  /** Number of `reconciliation_engine.exit_slippage_steps`. */
  EXIT_RETRIES_MAX: z.coerce.number().int().min(0).max(20).default(4),
  /** Ceiling of leverage on HIP-3 dexes. */
  HIP3_LEVERAGE: z.coerce.number().min(1).max(100).default(5),
  /** `quorum.max_age_s`: older money of the account is not known money. */
  SNAPSHOT_MAX_AGE_S: z.coerce.number().min(1).max(3600).default(300),
});
export type OrderGatewayEnv = z.infer<typeof orderGatewayEnvSchema>;

/** What the order gateway needs on AWS; it alone is told where the trading keys are, where the venue wants a key. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...runRequestResources,
  ...venueResources,
  TRADING_SECRET_ARN: tradingSecretResources.TRADING_SECRET_ARN.optional(),
});
