import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { cloidOf } from '#test/support/simulator-client.ts';
import { loadHyperliquid } from './ccxt-module.ts';
import { type SimulatorProcess, startSimulator } from './simulator-process.ts';

// biome-ignore lint/suspicious/noExplicitAny: ccxt's replies
type Ccxt = any;

async function client(url: string, more: Record<string, unknown> = {}): Promise<Ccxt> {
  const Hyperliquid = await loadHyperliquid();
  const exchange = new Hyperliquid({
    walletAddress: TEST_SIGNERS.mainMaster.address,
    privateKey: TEST_SIGNERS.mainAgent.privateKey,
    urls: { api: { public: url, private: url } },
    enableRateLimit: false,
    ...more,
  });
  // What the platform's subclass does: no builder fee, no referrer.
  exchange.initializeClient = async () => true;
  return exchange;
}

async function wholeStory(exchange: Ccxt, advance: () => Promise<void> | void) {
  await exchange.loadMarkets();
  const symbols = Object.keys(exchange.markets);
  const hip3 = exchange.markets['XYZ-INTC/USDC:USDC'];
  await advance();
  const ticker = await exchange.fetchTicker('BTC/USDC:USDC');
  const params = { clientOrderId: cloidOf(1) };
  const bought = await exchange.createOrder(
    'BTC/USDC:USDC',
    'market',
    'buy',
    0.01,
    ticker.last ?? ticker.close,
    params,
  );
  const fetched = await exchange.fetchOrder(bought.id, 'BTC/USDC:USDC');
  const byCloid = await exchange.fetchOrder(cloidOf(1), 'BTC/USDC:USDC');
  const rested = await exchange.createOrder('XYZ-INTC/USDC:USDC', 'limit', 'buy', 2, 20, { timeInForce: 'Alo' });
  const open = await exchange.fetchOpenOrders('XYZ-INTC/USDC:USDC');
  await exchange.cancelOrder(rested.id, 'XYZ-INTC/USDC:USDC');
  const cancelled = await exchange.fetchOrder(rested.id, 'XYZ-INTC/USDC:USDC');
  const balance = await exchange.fetchBalance({ type: 'swap' });
  const hip3Balance = await exchange.fetchBalance({ type: 'swap', dex: 'xyz' });
  const candles = await exchange.fetchOHLCV('BTC/USDC:USDC', '5m', undefined, 20);
  const trades = await exchange.fetchMyTrades('BTC/USDC:USDC');
  const positions = await exchange.fetchPositions(['BTC/USDC:USDC']);
  return { symbols, hip3, bought, fetched, byCloid, open, cancelled, balance, hip3Balance, candles, trades, positions };
}

function expectStory(story: Awaited<ReturnType<typeof wholeStory>>): void {
  expect(story.symbols).toEqual(expect.arrayContaining(['BTC/USDC:USDC', 'APT/USDC:USDC', 'XYZ-CL/USDC:USDC']));
  expect(story.hip3).toMatchObject({ baseId: '110000', baseName: 'xyz:INTC', swap: true });
  expect(story.bought).toMatchObject({ filled: 0.01, average: expect.any(Number) });
  expect(story.fetched).toMatchObject({ status: 'closed', filled: 0.01, remaining: 0, clientOrderId: cloidOf(1) });
  expect(story.byCloid.id).toBe(story.bought.id);
  expect(story.open).toHaveLength(1);
  expect(story.open[0]).toMatchObject({ symbol: 'XYZ-INTC/USDC:USDC', amount: 2, price: 20, postOnly: true });
  expect(story.cancelled.status).toBe('canceled');
  expect(story.balance.USDC.total).toBeGreaterThan(9_900);
  expect(story.hip3Balance.USDC.total).toBe(5_000);
  expect(story.candles.length).toBeGreaterThan(10);
  expect(story.trades).toMatchObject([{ amount: 0.01, side: 'buy', takerOrMaker: 'taker' }]);
  expect(story.positions).toMatchObject([{ contracts: 0.01, side: 'long', marginMode: 'cross' }]);
}

describe('ccxt, unmodified, in process through its fetchImplementation', () => {
  it('loads markets, trades, cancels and reads everything back', async () => {
    const simulator = new ExchangeSimulator({ historyMinutes: 200, nowMs: () => Date.now() });
    const exchange = await client('http://simulator.invalid', { fetchImplementation: createSimulatorFetch(simulator) });
    expectStory(await wholeStory(exchange, () => simulator.advance(simulator.nowMs() + 2_000)));
  });

  it('throws its own error classes for what the venue refuses', async () => {
    const simulator = new ExchangeSimulator({ historyMinutes: 5, nowMs: () => Date.now() });
    const exchange = await client('http://simulator.invalid', { fetchImplementation: createSimulatorFetch(simulator) });
    await exchange.loadMarkets();
    const place = (amount: number, price: number, params = {}) =>
      exchange
        .createOrder('BTC/USDC:USDC', 'limit', 'buy', amount, price, params)
        .catch((e: Error) => e.constructor.name);
    expect(await place(0.0001, 50_000)).toBe('InvalidOrder');
    expect(await place(50, 60_000)).toBe('InsufficientFunds');
    expect(await place(0.01, 100_000, { timeInForce: 'Alo' })).toBe('InvalidOrder');
    const missing = exchange.fetchOrder(cloidOf(99), 'BTC/USDC:USDC').catch((e: Error) => e.constructor.name);
    expect(await missing).toBe('OrderNotFound');
  });
});

describe('ccxt, unmodified, over HTTP', () => {
  let simulator: SimulatorProcess;
  beforeAll(async () => {
    simulator = await startSimulator('--history-minutes', '200');
  });
  afterAll(() => simulator.kill('SIGTERM'));

  it('loads markets, trades, cancels and reads everything back', async () => {
    expectStory(await wholeStory(await client(simulator.httpUrl), () => {}));
  });
});
