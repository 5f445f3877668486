import type { Instrument } from '#shared/core/market/instrument.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { BreakerRepository } from '#shared/ports/repositories/breaker-repository.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { createTransport, type Fetch, ProxyRotation } from '../resilience/exchange-transport.ts';
import { RESILIENCE_SETTINGS, type ResilienceSettings, ResilientCaller } from '../resilience/resilient-caller.ts';
import type { Exchange } from '../wire/exchange.ts';
import { exchangeHealthCheck } from '../wire/exchange-health.ts';
import { InstrumentCatalog } from '../wire/instrument-catalog.ts';
import { HyperliquidAccountReader } from './account-reader.ts';
import type { HyperliquidAccount } from './accounts.ts';
import { HyperliquidCcxt } from './ccxt-hyperliquid.ts';
import type { SigningSource } from './ccxt-hyperliquid-signer.ts';
import { HyperliquidInfo } from './hyperliquid-info.ts';
import { HyperliquidMarketData } from './market-data.ts';
import { HyperliquidOrderVenue } from './order-venue.ts';
import { CALLS } from './request-weights.ts';
import { TradingKeys } from './trading-keys.ts';
import { hyperliquidVenueClock } from './venue-clock.ts';

export interface HyperliquidOptions {
  /** Its name here, which every row carries. */
  readonly exchange: string;
  /** REST base, such as `https://api.hyperliquid.xyz`, or the simulator's. */
  readonly httpUrl: string;
  readonly accounts: readonly HyperliquidAccount[];
  /** HIP-3 dexes whose sub-accounts belong to the accounts. */
  readonly dexes: readonly string[];
  /** Where the trading keys are; null everywhere but in the order gateway. */
  readonly secrets: Secrets | null;
  /** Our stored instruments, so that a gateway need not load the venue's markets; null asks the venue. */
  readonly instruments: { all(exchange: string): Promise<readonly Instrument[]> } | null;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
  readonly breakers: BreakerRepository;
  /** The platform's fetch, or a simulator's. */
  readonly fetch: Fetch;
  /** Every call goes through one of these; the next one is taken when a breaker opens. Empty: none. */
  readonly proxies: { readonly urlPrefixes: readonly string[]; readonly origin: string | null };
  /** `b` on testnet; `a` on mainnet and, unless told otherwise, in the simulator. */
  readonly signingSource: SigningSource;
  readonly timeoutMs?: number;
  readonly healthMaxAgeMs?: number;
  readonly resilience?: Partial<ResilienceSettings>;
}

/** Builds the HyperLiquid adapter. Nothing is asked of the venue, and no key is read, before the first call. */
export function createHyperliquid(options: HyperliquidOptions): Exchange {
  const { exchange, clock, telemetry, alerts, breakers, accounts, dexes, httpUrl } = options;
  const proxies = new ProxyRotation(options.proxies.urlPrefixes, options.proxies.origin);
  const transport = createTransport(
    { fetch: options.fetch, timeoutMs: options.timeoutMs ?? 10_000, proxy: () => proxies.current() },
    () => clock.nowMs(),
  );
  const caller = new ResilientCaller(
    { exchange, calls: CALLS, clock, telemetry, alerts, breakers, onBreakerOpen: () => proxies.rotate() },
    { ...RESILIENCE_SETTINGS, ...options.resilience },
  );
  const reader = new HyperliquidCcxt({ httpUrl, transport, nowMs: () => clock.nowMs() });
  const info = new HyperliquidInfo(reader, caller, telemetry);
  const marketData: HyperliquidMarketData = new HyperliquidMarketData({
    exchange,
    info,
    clock,
    dexes,
    catalog: () => catalog,
  });
  const catalog = new InstrumentCatalog({
    exchange,
    stored: async () => (await options.instruments?.all(exchange)) ?? [],
    listed: async () => (await marketData.loadInstruments()).rows,
    clock,
  });
  const keys =
    options.secrets === null
      ? null
      : new TradingKeys({ secrets: options.secrets, clock, transport, httpUrl, source: options.signingSource });
  const throughProxy = options.proxies.urlPrefixes.length > 0;
  const orderVenue =
    keys === null
      ? null
      : new HyperliquidOrderVenue({ exchange, keys, accounts, catalog, caller, info, clock, telemetry, throughProxy });
  return {
    marketData,
    accountReader: new HyperliquidAccountReader({ exchange, info, accounts, dexes }),
    venueClock: hyperliquidVenueClock(info),
    orderVenue,
    async ready() {
      await catalog.all();
      for (const account of accounts) await orderVenue?.warmUp(account.name);
    },
    checkHealth: exchangeHealthCheck({
      exchange,
      marketData,
      caller,
      clock,
      maxAgeMs: options.healthMaxAgeMs ?? 300_000,
    }),
    async close() {
      await transport.close();
    },
  };
}
