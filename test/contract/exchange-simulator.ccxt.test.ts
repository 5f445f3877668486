import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { loadHyperliquid, loadHyperliquidPro } from '#test/integration/exchange-simulator/ccxt-module.ts';
import { type SimulatorProcess, startSimulator } from '#test/integration/exchange-simulator/simulator-process.ts';
import { cloidOf } from '#test/support/simulator-client.ts';

const BTC = 'BTC/USDC:USDC';
const ETH = 'ETH/USDC:USDC';
const HOUR_MS = 3_600_000;

/** ccxt as it comes: with its builder, its referrer and its own idea of what an order is. */
describe('ccxt, unmodified, on the simulator', () => {
  let simulator: SimulatorProcess;
  // biome-ignore lint/suspicious/noExplicitAny: ccxt's replies
  const clients: any[] = [];
  beforeAll(async () => {
    simulator = await startSimulator('--stepped', '--start', String(Date.now()), '--history-minutes', '3000');
    await step(5_000);
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await simulator?.kill('SIGTERM');
  });

  const step = async (ms: number) => {
    const { nowMs } = (await simulator.post('/control/status', {})).json as { nowMs: number };
    await simulator.post('/control/advance', { toMs: nowMs + ms });
  };
  const clientOf = async (
    load: typeof loadHyperliquid,
    signer: { privateKey: string } = TEST_SIGNERS.mainMaster,
    options: Record<string, unknown> = {},
  ) => {
    const Hyperliquid = await load();
    const api = { public: simulator.httpUrl, private: simulator.httpUrl, ws: { public: simulator.wsUrl } };
    const client = new Hyperliquid({
      walletAddress: TEST_SIGNERS.mainMaster.address,
      privateKey: signer.privateKey,
      urls: { api },
      enableRateLimit: false,
      options,
    });
    await client.loadHttpProxyAgent();
    await client.loadMarkets();
    clients.push(client);
    return client;
  };

  it('trades without its builder, which has no money here, and with one that has', async () => {
    const client = await clientOf(loadHyperliquid);
    const price = (await client.fetchTicker(BTC)).last;
    await client.createOrder(BTC, 'market', 'buy', 0.01, price);
    expect(client.options).toMatchObject({ builderFee: false, refSet: true });
    const paying = await clientOf(loadHyperliquid, TEST_SIGNERS.mainMaster, {
      builder: TEST_SIGNERS.secondMaster.address,
    });
    const { id } = await paying.createOrder(BTC, 'market', 'sell', 0.01, price, { reduceOnly: true });
    expect(paying.options).toMatchObject({ approvedBuilderFee: true });
    const [free, charged] = (await client.fetchMyTrades(BTC)).toSorted(
      (a: { order: string }, b: { order: string }) => Number(a.order === id) - Number(b.order === id),
    );
    expect(free.info.builderFee).toBeUndefined();
    expect(Number(charged.info.builderFee)).toBeCloseTo(charged.price * 0.01 * 0.0001, 5);
  });

  it('places, edits and cancels as an agent, by id and by client order id', async () => {
    const client = await clientOf(loadHyperliquid, TEST_SIGNERS.mainAgent);
    const placed = await client.createOrder(ETH, 'limit', 'buy', 0.1, 2_000, { clientOrderId: cloidOf(1) });
    const edited = await client.editOrder(placed.id, ETH, 'limit', 'buy', 0.2, 2_001);
    const [open, ...others] = await client.fetchOpenOrders(ETH);
    expect(others).toEqual([]);
    expect(open).toMatchObject({ id: edited.id, price: 2_001, amount: 0.2 });
    await client.cancelOrder(open.id, ETH);
    await client.createOrder(ETH, 'limit', 'buy', 0.1, 2_002, { clientOrderId: cloidOf(2) });
    await client.cancelOrder(undefined, ETH, { clientOrderId: cloidOf(2) });
    expect(await client.fetchOpenOrders(ETH)).toEqual([]);
    // Of the rows of one order it takes the newest.
    const statuses = (await client.fetchOrders(ETH)).map((order: { status: string }) => order.status);
    expect(statuses).toEqual(['canceled', 'canceled', 'canceled']);
    await client.setLeverage(3, ETH, { marginMode: 'isolated' });
  });

  it('reads funding, fees, every interval and a day that agree', async () => {
    const client = await clientOf(loadHyperliquid);
    await client.createOrder(BTC, 'market', 'buy', 0.01, (await client.fetchTicker(BTC)).last);
    await step(2 * HOUR_MS);
    expect(await client.fetchFundingHistory(BTC)).toHaveLength(2);
    expect((await client.fetchFundingRateHistory(BTC, Date.now() - 10 * HOUR_MS)).length).toBeGreaterThan(9);
    expect(await client.fetchTradingFee(BTC)).toMatchObject({ taker: 0.00045, maker: 0.00015 });
    for (const timeframe of ['1d', '3d', '1w', '1M']) {
      expect((await client.fetchOHLCV(BTC, timeframe, Date.now() - 60 * 24 * HOUR_MS)).length).toBeGreaterThan(0);
    }
    const { quoteVolume, baseVolume } = await client.fetchTicker(BTC);
    const bars: number[][] = await client.fetchOHLCV(BTC, '1m', undefined, 5_000);
    const day = bars.filter(([t]) => t! > client.milliseconds() - 22 * HOUR_MS);
    expect(day.reduce((sum, bar) => sum + bar[5]!, 0)).toBeLessThanOrEqual(baseVolume ?? Number.POSITIVE_INFINITY);
    expect(quoteVolume).toBeGreaterThan(0);
    expect(await client.fetchLedger('USDC')).toHaveLength(2);
  });

  it('trades and hears over the socket', async () => {
    const client = await clientOf(loadHyperliquidPro);
    const [trades, orders] = [client.watchMyTrades(BTC), client.watchOrders(ETH)];
    const [ticker, bars, book] = [client.watchTicker(BTC), client.watchOHLCV(BTC, '1h'), client.watchOrderBook(BTC)];
    await book;
    const placed = await client.createOrderWs(ETH, 'limit', 'buy', 0.1, 1_999);
    const edited = await client.editOrderWs(placed.id, ETH, 'limit', 'buy', 0.1, 1_998);
    expect(await client.fetchOpenOrders(ETH)).toMatchObject([{ id: edited.id, price: 1_998 }]);
    await client.cancelOrdersWs([edited.id], ETH);
    await client.createOrderWs(BTC, 'market', 'buy', 0.01, (await client.fetchTicker(BTC)).last);
    await step(2_000);
    expect((await trades).at(-1)).toMatchObject({ symbol: BTC, side: 'buy' });
    expect((await orders).at(-1)).toMatchObject({ symbol: ETH });
    expect((await bars).at(-1)).toHaveLength(6);
    expect((await ticker).last).toBeGreaterThan(0);
  });
});
