import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_API_KEYS } from '#local/exchange-simulator/wire/binance-usdm/api-keys.ts';
import { loadBinanceUsdm, loadBinanceUsdmPro } from '#test/integration/exchange-simulator/ccxt-module.ts';
import { type SimulatorProcess, startSimulator } from '#test/integration/exchange-simulator/simulator-process.ts';

const BTC = 'BTC/USDT:USDT';
const ETH = 'ETH/USDT:USDT';

/** ccxt's own idea of the venue, as it comes, against ours. */
describe('ccxt, unmodified, on the simulator as Binance USD-M', () => {
  let simulator: SimulatorProcess;
  // biome-ignore lint/suspicious/noExplicitAny: ccxt's replies
  const clients: any[] = [];
  beforeAll(async () => {
    const start = String(Date.now());
    simulator = await startSimulator('--protocol', 'binance-usdm', '--stepped', '--start', start);
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
  const clientOf = async (load = loadBinanceUsdm, { key, secret } = TEST_API_KEYS.main) => {
    const Binance = await load();
    const client = new Binance({
      apiKey: key,
      secret,
      enableRateLimit: false,
      options: { adjustForTimeDifference: true, fetchCurrencies: false },
    });
    const { httpUrl, wsUrl } = simulator;
    for (const version of ['', 'V2', 'V3']) {
      client.urls.api[`fapiPublic${version}`] = `${httpUrl}/fapi/${version === '' ? 'v1' : version.toLowerCase()}`;
      client.urls.api[`fapiPrivate${version}`] = client.urls.api[`fapiPublic${version}`];
    }
    if (client.urls.api.ws) client.urls.api.ws.future = `${wsUrl}/ws`;
    await client.loadHttpProxyAgent();
    await client.loadMarkets();
    clients.push(client);
    return client;
  };

  it('reads the markets, their grids and prices', async () => {
    const client = await clientOf();
    expect(client.market(BTC)).toMatchObject({
      id: 'BTCUSDT',
      linear: true,
      precision: { price: 0.1, amount: 0.001 },
      limits: { cost: { min: 50 } },
    });
    const [bar] = await client.fetchOHLCV(BTC, '1m', undefined, 2);
    expect(bar).toHaveLength(6);
    const { bids, asks } = await client.fetchOrderBook(ETH, 5);
    expect(bids[0][0]).toBeLessThan(asks[0][0]);
    expect((await client.fetchTrades(BTC, undefined, 5)).length).toBeGreaterThan(0);
    expect((await client.fetchFundingRate(BTC)).markPrice).toBeGreaterThan(0);
  });

  it('trades, and its books agree with ours', async () => {
    const client = await clientOf();
    const before = (await client.fetchBalance()).USDT.total;
    await client.setLeverage(5, ETH);
    const order = await client.createOrder(ETH, 'market', 'buy', 0.1, undefined, {
      newClientOrderId: `0x${'1'.repeat(32)}`,
    });
    expect(order).toMatchObject({ status: 'closed', filled: 0.1, clientOrderId: `0x${'1'.repeat(32)}` });

    const found = await client.fetchOrder(order.id, ETH);
    const trades = await client.fetchMyTrades(ETH);
    const [position] = await client.fetchPositions([ETH]);
    const cost = trades.reduce((sum: number, trade: { cost: number }) => sum + trade.cost, 0);
    const fee = trades.reduce((sum: number, trade: { fee: { cost: number } }) => sum + trade.fee.cost, 0);
    expect(found.average).toBeCloseTo(cost / 0.1, 4);
    expect(fee).toBeCloseTo(cost * 0.0005, 5);
    expect(position).toMatchObject({ symbol: ETH, contracts: 0.1, side: 'long' });
    expect(position.entryPrice).toBeCloseTo(found.average, 4);

    await client.createOrder(ETH, 'market', 'sell', 0.1, undefined, { reduceOnly: true });
    expect(await client.fetchPositions([ETH])).toEqual([]);
    const all = await client.fetchMyTrades(ETH);
    const result = all.reduce(
      (sum: number, { fee: paid, info }: { fee: { cost: number }; info: { realizedPnl: string } }) =>
        sum - paid.cost + Number(info.realizedPnl),
      0,
    );
    expect((await client.fetchBalance()).USDT.total).toBeCloseTo(before + result, 4);
  });

  it('rests, finds and cancels; refusals have the number that ccxt reads', async () => {
    const client = await clientOf();
    const { last } = await client
      .fetchTicker(BTC)
      .catch(async () => ({ last: (await client.fetchTrades(BTC))[0].price }));
    const low = Math.round(last * 0.95);
    const order = await client.createOrder(BTC, 'limit', 'buy', 0.002, low, { timeInForce: 'GTX' });
    expect((await client.fetchOpenOrders(BTC)).map(({ id }: { id: string }) => id)).toEqual([order.id]);
    expect(await client.cancelOrder(order.id, BTC)).toMatchObject({ status: 'canceled' });
    await expect(client.cancelOrder(order.id, BTC)).rejects.toMatchObject({ name: 'OrderNotFound' });
    await expect(client.fetchOrder('42', BTC)).rejects.toMatchObject({ name: 'OrderNotFound' });
    await expect(client.createOrder(BTC, 'limit', 'buy', 900, low)).rejects.toThrow('-2019');
    const high = Math.round(last * 1.02);
    const taking = client.createOrder(BTC, 'limit', 'buy', 0.002, high, { timeInForce: 'GTX' });
    await expect(taking).rejects.toThrow('-5022');
    const stranger = await clientOf(loadBinanceUsdm, TEST_API_KEYS.mainReadOnly);
    await expect(stranger.createOrder(BTC, 'market', 'buy', 0.002)).rejects.toMatchObject({
      name: 'AuthenticationError',
    });
    const forged = await clientOf(loadBinanceUsdm, { ...TEST_API_KEYS.main, secret: 'wrong' });
    await expect(forged.fetchBalance()).rejects.toThrow('-1022');
  });

  it('follows trades over its socket', async () => {
    const client = await clientOf(loadBinanceUsdmPro);
    const waiting = client.watchTrades(BTC);
    let trades: readonly unknown[] | null = null as readonly unknown[] | null;
    waiting.then((list: unknown[]) => {
      trades = list;
    });
    for (let i = 0; i < 50 && trades === null; i += 1) {
      await step(1_000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(trades?.[0]).toMatchObject({ symbol: BTC });
  });
});
