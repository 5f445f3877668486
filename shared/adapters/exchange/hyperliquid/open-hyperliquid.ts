import type { VenueSettings } from '#shared/messages/venue-settings.ts';
import { BREAKER_SETTINGS } from '../resilience/shared-breakers.ts';
import type { Exchange } from '../wire/exchange.ts';
import { createHyperliquid, type HyperliquidOptions } from './create-hyperliquid.ts';

/** What the settings cannot say: the process's own ports. */
export type HyperliquidPorts = Pick<
  HyperliquidOptions,
  'secrets' | 'instruments' | 'clock' | 'telemetry' | 'alerts' | 'breakers' | 'fetch'
>;

/** The HyperLiquid adapter as the settings want it; without `secrets` it reads only. */
export const openHyperliquid = (settings: VenueSettings, ports: HyperliquidPorts): Exchange =>
  createHyperliquid({
    ...ports,
    exchange: settings.exchange,
    httpUrl: settings.httpUrl,
    accounts: settings.accounts,
    dexes: settings.dexes,
    proxies: settings.proxies,
    signingSource: settings.kind === 'testnet' ? 'b' : 'a',
    timeoutMs: settings.timeoutMs,
    healthMaxAgeMs: settings.healthMaxAgeMs,
    resilience: {
      weightPerMinute: settings.weightPerMinute,
      retryWaitsMs: settings.retryWaitsMs,
      breaker: { ...BREAKER_SETTINGS, ...settings.breaker },
    },
  });
