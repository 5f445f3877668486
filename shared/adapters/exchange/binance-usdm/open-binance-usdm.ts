import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { BreakerRepository } from '#shared/ports/repositories/breaker-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { createTransport, type Fetch, ProxyRotation } from '../resilience/exchange-transport.ts';
import { RESILIENCE_SETTINGS, ResilientCaller } from '../resilience/resilient-caller.ts';
import { BREAKER_SETTINGS, type BreakerSettings } from '../resilience/shared-breakers.ts';
import type { Exchange } from '../wire/exchange.ts';
import { exchangeHealthCheck } from '../wire/exchange-health.ts';
import { InstrumentCatalog } from '../wire/instrument-catalog.ts';
import { UsdmAccountReader } from './account-reader.ts';
import { configuration } from './error-codes.ts';
import { UsdmMarketData } from './market-data.ts';
import { UsdmOrderVenue } from './order-venue.ts';
import { CALLS } from './requests.ts';
import { UsdmClient } from './usdm-client.ts';
import { type UsdmAccount, UsdmKeys } from './usdm-keys.ts';

export interface BinanceUsdmSettings {
  readonly exchange: string;
  readonly kind: 'simulator' | 'paper' | 'testnet' | 'live';
  readonly httpUrl: string;
  readonly accounts: readonly UsdmAccount[];
  readonly proxies: { readonly urlPrefixes: readonly string[]; readonly origin: string | null };
  readonly timeoutMs: number;
  readonly healthMaxAgeMs: number;
  readonly weightPerMinute: number;
  readonly retryWaitsMs: readonly number[];
  readonly breaker: Pick<BreakerSettings, 'failures' | 'openForMs'>;
}

export interface BinanceUsdmPorts {
  /** Where the trading keys are; null everywhere but in the order gateway. */
  readonly secrets: Secrets | null;
  /** Where the read-only keys are; null where only public data is read. */
  readonly readSecrets?: Secrets | null;
  readonly instruments: Pick<InstrumentsRepository, 'all'> | null;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
  readonly breakers: BreakerRepository;
  readonly fetch: Fetch;
}

/** The adapter as the settings want it. Refuses kind `live`: nothing at the venue protects a position there while we are away. */
export function openBinanceUsdm(settings: BinanceUsdmSettings, ports: BinanceUsdmPorts): Exchange {
  const { exchange, httpUrl, accounts, timeoutMs, healthMaxAgeMs, weightPerMinute, retryWaitsMs } = settings;
  const { clock, telemetry, alerts, breakers, fetch, instruments } = ports;
  if (settings.kind === 'live') {
    throw configuration(
      'kind live is refused at this venue until protective orders rest there: nothing would close a position while we are away',
    );
  }
  const proxies = new ProxyRotation(settings.proxies.urlPrefixes, settings.proxies.origin);
  const caller: ResilientCaller = new ResilientCaller(
    { exchange, calls: CALLS, clock, telemetry, alerts, breakers, onBreakerOpen: () => proxies.rotate() },
    { ...RESILIENCE_SETTINGS, weightPerMinute, retryWaitsMs, breaker: { ...BREAKER_SETTINGS, ...settings.breaker } },
  );
  /** Others at our address use the same limit, and the venue says how much is used. */
  const onHeaders = (headers: Headers) => {
    const more = Number(headers.get('x-mbx-used-weight-1m')) - caller.budget.usedWeight();
    if (more > 0) caller.budget.charge(more);
  };
  const proxy = () => proxies.current();
  const transport = createTransport({ fetch, timeoutMs, proxy, onHeaders }, () => clock.nowMs());
  const clientOf = (secrets: Secrets | null): UsdmClient =>
    new UsdmClient({ exchange, httpUrl, transport, caller, keys: new UsdmKeys(secrets, clock), clock, telemetry });
  const client = clientOf(ports.readSecrets ?? null);
  const marketData: UsdmMarketData = new UsdmMarketData({ client, clock, catalog: () => catalog });
  const catalog = new InstrumentCatalog({
    exchange,
    stored: async () => (await instruments?.all(exchange)) ?? [],
    listed: async () => (await marketData.loadInstruments()).rows,
    clock,
  });
  const orderVenue =
    ports.secrets === null
      ? null
      : new UsdmOrderVenue({ client: clientOf(ports.secrets), accounts, catalog, telemetry });
  return {
    marketData,
    accountReader: new UsdmAccountReader(client, accounts),
    venueClock: client,
    orderVenue,
    async ready() {
      await catalog.all();
      for (const { name } of orderVenue === null ? [] : accounts) {
        const check = await orderVenue?.checkKey(name);
        if (check?.kind === 'refused') throw configuration(`account ${name}: ${check.reason}`);
      }
    },
    checkHealth: exchangeHealthCheck({ exchange, marketData, caller, clock, maxAgeMs: healthMaxAgeMs }),
    close: () => transport.close(),
  };
}
