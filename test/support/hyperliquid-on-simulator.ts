import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { TEST_ACCOUNTS, TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import {
  createHyperliquid,
  type HyperliquidOptions,
} from '#shared/adapters/exchange/hyperliquid/create-hyperliquid.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import type { ExchangeUnderTest } from './exchange-under-test.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export const START_MS = 1_700_000_030_000;

/** The real adapter, its real requests and signatures, against the simulator in process. */
export function hyperliquidOnSimulator(change: Partial<HyperliquidOptions> = {}) {
  const simulator = new ExchangeSimulator({ mode: 'stepped', startMs: START_MS, historyMinutes: 60 });
  const clock: Clock = {
    nowMs: () => simulator.nowMs(),
    setTimer: () => ({ cancel: () => {} }),
    sleep: async (delayMs) => simulator.advance(simulator.nowMs() + delayMs),
  };
  const telemetry = new RecordingTelemetry();
  const address = TEST_ACCOUNTS[0]?.address as string;
  const hyperliquid = createHyperliquid({
    exchange: 'hyperliquid',
    httpUrl: 'http://simulator.test',
    accounts: [{ name: 'main', address, tradingKeySecret: 'agent' }],
    dexes: ['xyz'],
    secrets: { get: async () => TEST_SIGNERS.mainAgent.privateKey },
    instruments: null,
    clock,
    telemetry,
    alerts: { raise: async () => {} },
    breakers: new SqlBreakerRepository(memoryDatabase()),
    fetch: createSimulatorFetch(simulator) as HyperliquidOptions['fetch'],
    proxies: { urlPrefixes: [], origin: null },
    signingSource: 'a',
    // The suites ask more in one market second than the venue allows in a minute.
    resilience: { weightPerMinute: 1_000_000, retryWaitsMs: [1, 2, 4] },
    ...change,
  });
  return { simulator, hyperliquid, telemetry, clock };
}

export async function simulatedExchange(): Promise<ExchangeUnderTest> {
  const { simulator, hyperliquid } = hyperliquidOnSimulator();
  const { marketData, accountReader, orderVenue } = hyperliquid;
  if (orderVenue === null) throw new Error('built without secrets');
  return {
    marketData,
    accountReader,
    orderVenue,
    account: 'main',
    symbols: ['BTC/USDC:USDC', 'XYZ-CL/USDC:USDC'],
    subAccounts: ['native', 'xyz'],
    nowMs: () => simulator.nowMs(),
    pass: async (ms) => simulator.advance(simulator.nowMs() + ms),
    close: () => hyperliquid.close(),
  };
}
