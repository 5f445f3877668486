import * as z from 'zod';
import type { VenueClock } from '#shared/ports/venue-clock.ts';
import type { HyperliquidInfo } from './hyperliquid-info.ts';

const statusSchema = z.object({ time: z.number().int().positive() });

/**
 * `exchangeStatus` answers with the venue's clock itself (https://goldrush.dev/docs/api-reference/hyperliquid-info/exchange-status);
 * the time on a snapshot of an account may lie a minute back.
 */
export const hyperliquidVenueClock = (info: HyperliquidInfo): VenueClock => ({
  venueTimeMs: async () => (await info.ask({ type: 'exchangeStatus' }, statusSchema, 'status')).time,
});
