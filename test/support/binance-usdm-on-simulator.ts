import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { TEST_API_KEYS } from '#local/exchange-simulator/wire/binance-usdm/api-keys.ts';
import { USDM_SIMULATOR } from '#local/exchange-simulator/wire/binance-usdm/open-wire.ts';
import {
  type BinanceUsdmPorts,
  type BinanceUsdmSettings,
  openBinanceUsdm,
} from '#shared/adapters/exchange/binance-usdm/open-binance-usdm.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ExchangeUnderTest } from './exchange-under-test.ts';
import { memoryDatabase } from './memory-database.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export const START_MS = 1_700_000_030_000;

export const USDM_SETTINGS: BinanceUsdmSettings = {
  exchange: 'binance-usdm',
  kind: 'simulator',
  httpUrl: 'http://simulator.test',
  accounts: [{ name: 'main', tradingKeySecret: 'trade', readKeySecret: 'read' }],
  proxies: { urlPrefixes: [], origin: null },
  timeoutMs: 10_000,
  healthMaxAgeMs: 300_000,
  // The suites ask more in one market second than the venue allows in a minute.
  weightPerMinute: 1_000_000,
  retryWaitsMs: [1, 2, 4],
  breaker: { failures: 5, openForMs: 300_000 },
};

const SECRETS: Readonly<Record<string, string>> = {
  trade: `${TEST_API_KEYS.main.key}:${TEST_API_KEYS.main.secret}`,
  read: `${TEST_API_KEYS.mainReadOnly.key}:${TEST_API_KEYS.mainReadOnly.secret}`,
};

/** The real adapter, its real requests and signatures, against the simulator in process. */
export function binanceUsdmOnSimulator(
  change: Partial<BinanceUsdmSettings> = {},
  ports: Partial<BinanceUsdmPorts> = {},
) {
  const simulator = new ExchangeSimulator({
    mode: 'stepped',
    startMs: START_MS,
    historyMinutes: 60,
    ...USDM_SIMULATOR,
  });
  const clock: Clock = {
    nowMs: () => simulator.nowMs(),
    setTimer: () => ({ cancel: () => {} }),
    sleep: async (delayMs) => simulator.advance(simulator.nowMs() + delayMs),
  };
  const telemetry = new RecordingTelemetry();
  const secrets = { get: async (name: string) => SECRETS[name] as string };
  const exchange = openBinanceUsdm(
    { ...USDM_SETTINGS, ...change },
    {
      secrets,
      readSecrets: secrets,
      instruments: null,
      clock,
      telemetry,
      alerts: { raise: async () => {} },
      breakers: new SqlBreakerRepository(memoryDatabase()),
      fetch: createSimulatorFetch(simulator) as BinanceUsdmPorts['fetch'],
      ...ports,
    },
  );
  return { simulator, exchange, telemetry, clock };
}

export async function simulatedBinanceUsdm(): Promise<ExchangeUnderTest> {
  const { simulator, exchange } = binanceUsdmOnSimulator();
  const { marketData, accountReader, orderVenue } = exchange;
  if (orderVenue === null) throw new Error('built without secrets');
  return {
    marketData,
    accountReader,
    orderVenue,
    account: 'main',
    symbols: ['BTC/USDT:USDT', 'ETH/USDT:USDT'],
    subAccounts: ['native'],
    takesEndedIds: true,
    nowMs: () => simulator.nowMs(),
    pass: async (ms) => simulator.advance(simulator.nowMs() + ms),
    close: () => exchange.close(),
  };
}
