import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import {
  createHyperliquid,
  type HyperliquidOptions,
} from '#shared/adapters/exchange/hyperliquid/create-hyperliquid.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import type { ApprovedOrder, OrderIntent } from '#shared/core/orders/order.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import { lots } from '#test/support/instruments.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { anInstrument } from './instruments.ts';
import { manualClock } from './manual-clock.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export interface SentRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the adapter sent
  readonly body: any;
  readonly text: string;
}

export const T0 = 1_700_000_000_000;
export const MASTER = TEST_SIGNERS.mainMaster.address;
export const AGENT = TEST_SIGNERS.mainAgent;
export const KEY_NAME = 'exchanges.hyperliquid.main.agent_key';
export const INSTRUMENTS = [
  anInstrument('BTC'),
  anInstrument('SOL', { assetId: 5, ...lots(2) }),
  anInstrument('xyz:INTC', {
    symbol: 'XYZ-INTC/USDC:USDC',
    subAccount: 'xyz',
    marginMode: 'isolated',
    assetId: 110_003,
    ...lots(3),
  }),
];

/** Answers each request by a function of it; throwing stands for a broken line. */
export type Answer = (request: SentRequest) => Response | Promise<Response>;

export const json = (value: unknown, init: ResponseInit = {}): Response => new Response(JSON.stringify(value), init);

/** A fetch that records what was sent and answers from a script. */
export function scriptedFetch(answer: Answer) {
  const sent: SentRequest[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const text = String(init.body);
    const headers = Object.fromEntries(new Headers(init.headers).entries());
    const request = { url, headers, body: JSON.parse(text), text };
    sent.push(request);
    return answer(request);
  };
  return { fetch, sent };
}

/** The whole adapter over a scripted venue, on a clock that only `sleep` and the test move. */
export function scriptedHyperliquid(answer: Answer, change: Partial<HyperliquidOptions> = {}) {
  const { fetch, sent } = scriptedFetch(answer);
  const clock = manualClock(T0);
  const telemetry = new RecordingTelemetry();
  const raised: Parameters<Alerts['raise']>[0][] = [];
  const breakers = new SqlBreakerRepository(memoryDatabase());
  const hyperliquid = createHyperliquid({
    exchange: 'hyperliquid',
    httpUrl: 'https://venue.test',
    accounts: [{ name: 'main', address: MASTER, tradingKeySecret: KEY_NAME }],
    dexes: ['xyz'],
    secrets: { get: async () => AGENT.privateKey },
    instruments: { all: async () => INSTRUMENTS },
    clock,
    telemetry,
    alerts: { raise: async (alert) => void raised.push(alert) },
    breakers,
    fetch,
    proxies: { urlPrefixes: [], origin: null },
    signingSource: 'a',
    timeoutMs: 50,
    resilience: { retryWaitsMs: [1, 2, 4] },
    ...change,
  });
  return { hyperliquid, sent, clock, telemetry, raised, breakers };
}

/** An approved entry: 0.001 BTC at 65000, immediate or cancel. */
export const anOrder = (change: Partial<OrderIntent> = {}): ApprovedOrder =>
  ({
    clientOrderId: `0x${'ab'.repeat(16)}`,
    exchange: 'hyperliquid',
    account: 'main',
    symbol: 'BTC/USDC:USDC',
    epoch: 1,
    leg: 0,
    decisionId: 'd1',
    orderClass: 'open',
    side: 'buy',
    size: '0.001',
    limitPrice: '65000',
    timeInForce: 'Ioc',
    reduceOnly: false,
    createdAtMs: T0,
    expiresAtMs: T0 + 30_000,
    correlationId: 'c1',
    ...change,
  }) as ApprovedOrder;

/** The venue's answer to one order. */
export const orderAnswer = (status: unknown): Response =>
  json({ status: 'ok', response: { type: 'order', data: { statuses: [status] } } });
