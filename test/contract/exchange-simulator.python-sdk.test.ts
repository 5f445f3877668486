import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { type SimulatorProcess, startSimulator } from '#test/integration/exchange-simulator/simulator-process.ts';
import { cloidOf, MAIN } from '#test/support/simulator-client.ts';
import { type PythonSdk, pythonWithSdk, startPythonSdk } from '#test/support/venue-clients/python-sdk.ts';

const python = await pythonWithSdk();
const GTC = { limit: { tif: 'Gtc' } };
const IOC = { limit: { tif: 'Ioc' } };

/** The venue's own client as the judge: what it sends must be understood, what it reads must be there. */
describe.skipIf(python === null)("HyperLiquid's Python SDK on the simulator", () => {
  let simulator: SimulatorProcess;
  let sdk: PythonSdk;
  beforeAll(async () => {
    simulator = await startSimulator(
      '--testnet',
      '--stepped',
      '--start',
      String(Date.now()),
      '--history-minutes',
      '3000',
    );
    await step(5_000);
    sdk = await startPythonSdk(python!, {
      url: simulator.httpUrl,
      privateKey: TEST_SIGNERS.mainMaster.privateKey,
      account: MAIN,
      dexes: ['', 'xyz'],
    });
  }, 240_000);
  afterAll(async () => {
    await sdk?.stop();
    await simulator?.kill('SIGTERM');
  });

  const step = async (ms: number) => {
    const { nowMs } = (await simulator.post('/control/status', {})).json as { nowMs: number };
    await simulator.post('/control/advance', { toMs: nowMs + ms });
    return nowMs + ms;
  };
  const place = async (coin: string, buy: boolean, size: number, price: number, type: object, n?: number) => {
    const kwargs = n === undefined ? {} : { cloid: { cloid: cloidOf(n) } };
    const answer = await sdk.exchange('order', [coin, buy, size, price, type], kwargs);
    expect(answer).toMatchObject({ status: 'ok', response: { type: 'order' } });
    return answer.response.data.statuses[0];
  };
  const statusOf = async (oid: number) => (await sdk.info('query_order_by_oid', MAIN, oid)).order.status;

  it('reads the markets of both dexes', async () => {
    expect((await sdk.info('meta')).universe[0]).toMatchObject({ name: 'BTC', szDecimals: 5 });
    expect((await sdk.info('meta', 'xyz')).universe[0].name).toBe('xyz:INTC');
    const [meta, contexts] = await sdk.info('meta_and_asset_ctxs');
    expect(contexts).toHaveLength(meta.universe.length);
    expect(Object.keys(await sdk.info('all_mids', 'xyz'))).toEqual(['xyz:INTC', 'xyz:CL']);
    expect((await sdk.info('l2_snapshot', 'ETH')).levels.map((side: unknown[]) => side.length)).toEqual([20, 20]);
    const toMs = await step(0);
    expect(await sdk.info('candles_snapshot', 'BTC', '1h', toMs - 36_000_000, toMs)).toHaveLength(10);
  });

  it('buys at market, sees position and fills, and closes', async () => {
    const opened = await sdk.exchange('market_open', ['BTC', true, 0.01]);
    const { oid, totalSz } = opened.response.data.statuses[0].filled;
    expect(totalSz).toBe('0.01');
    const [held] = (await sdk.info('user_state', MAIN)).assetPositions;
    expect(held.position).toMatchObject({ coin: 'BTC', szi: '0.01' });
    const fills = await sdk.info('user_fills', MAIN);
    expect(fills.map((fill: { oid: number }) => fill.oid)).toContain(oid);
    expect(await statusOf(oid)).toBe('filled');
    await sdk.exchange('market_close', ['BTC']);
    expect((await sdk.info('user_state', MAIN)).assetPositions).toEqual([]);
  });

  it('rests an order and cancels it by its number', async () => {
    const { resting } = await place('ETH', true, 0.1, 2_000, GTC);
    expect(await sdk.info('open_orders', MAIN)).toMatchObject([{ oid: resting.oid, limitPx: '2000.0', sz: '0.1' }]);
    expect(await sdk.info('frontend_open_orders', MAIN)).toMatchObject([{ oid: resting.oid, tif: 'Gtc' }]);
    expect((await sdk.exchange('cancel', ['ETH', resting.oid])).response.data.statuses).toEqual(['success']);
    expect(await statusOf(resting.oid)).toBe('canceled');
  });

  it('rests an order of a HIP-3 dex and cancels it by its client order id', async () => {
    await place('xyz:CL', true, 1, 60, { limit: { tif: 'Alo' } }, 1);
    expect(await sdk.info('open_orders', MAIN, 'xyz')).toMatchObject([{ coin: 'xyz:CL', cloid: cloidOf(1) }]);
    const cancelled = await sdk.exchange('cancel_by_cloid', ['xyz:CL', { cloid: cloidOf(1) }]);
    expect(cancelled.response.data.statuses).toEqual(['success']);
    const found = await sdk.info('query_order_by_cloid', MAIN, { cloid: cloidOf(1) });
    expect(found.order).toMatchObject({ status: 'canceled', order: { cloid: cloidOf(1) } });
  });

  it('modifies orders by number and by client order id', async () => {
    const { resting } = await place('ETH', true, 0.1, 2_000, GTC, 2);
    const modify = (id: unknown, price: number) =>
      sdk.exchange('modify_order', [id, 'ETH', true, 0.1, price, GTC], { cloid: { cloid: cloidOf(2) } });
    const moved = (await modify(resting.oid, 2_001)).response.data.statuses[0].resting;
    expect(moved.oid).not.toBe(resting.oid);
    await modify({ cloid: cloidOf(2) }, 2_002);
    expect(await sdk.info('open_orders', MAIN)).toMatchObject([{ limitPx: '2002.0', cloid: cloidOf(2) }]);
    const { error } = (await modify(resting.oid, 2_003)).response.data.statuses[0];
    expect(error).toBe('Cannot modify canceled or filled order');
    await sdk.exchange('cancel_by_cloid', ['ETH', { cloid: cloidOf(2) }]);
  });

  it('approves a builder, whose fee is then in each fill, and an agent', async () => {
    const builder = TEST_SIGNERS.secondMaster.address;
    expect(await sdk.exchange('approve_builder_fee', [builder, '0.001%'])).toMatchObject({ status: 'ok' });
    await sdk.exchange('market_open', ['BTC', true, 0.01], { builder: { b: builder, f: 1 } });
    const [fill] = await sdk.info('user_fills', MAIN);
    expect(Number(fill.builderFee)).toBeCloseTo(Number(fill.px) * 0.01 * 0.00001, 5);
    await sdk.exchange('market_close', ['BTC']);
    expect((await sdk.exchange('approve_agent', ['mine']))[0]).toMatchObject({ status: 'ok' });
  });

  it('may not schedule a cancel before it has traded enough', async () => {
    const answer = await sdk.exchange('schedule_cancel', [Date.now() + 60_000]);
    expect(answer.response).toMatch(
      /^Cannot set scheduled cancel time until enough volume traded\. Required: \$1000000\./,
    );
  });

  it('is refused in words for what the venue refuses', async () => {
    expect((await place('BTC', true, 0.0001, 60_000, IOC)).error).toContain('minimum value of $10');
    const { error } = (await sdk.exchange('cancel', ['BTC', 1])).response.data.statuses[0];
    expect(error).toContain('never placed, already canceled, or filled');
  });

  it('sets leverage', async () => {
    expect(await sdk.exchange('update_leverage', [5, 'SOL', false])).toEqual({
      status: 'ok',
      response: { type: 'default' },
    });
  });

  it('hears of trades, books, its orders and fills over the socket', async () => {
    const before = (await sdk.frames()).length;
    await sdk.subscribe({ type: 'trades', coin: 'SOL' });
    await sdk.subscribe({ type: 'bbo', coin: 'SOL' });
    await sdk.subscribe({ type: 'userFills', user: MAIN });
    await sdk.subscribe({ type: 'orderUpdates', user: MAIN });
    await expect
      .poll(async () => (await sdk.frames()).some((frame) => frame.data?.isSnapshot), { timeout: 10_000 })
      .toBe(true);
    await sdk.exchange('market_open', ['SOL', true, 1]);
    await step(3_000);
    const channels = async () => new Set((await sdk.frames()).slice(before).map((frame) => frame.channel));
    await expect.poll(channels, { timeout: 10_000 }).toEqual(new Set(['trades', 'bbo', 'userFills', 'orderUpdates']));
    await sdk.exchange('market_close', ['SOL']);
  });

  it('reads what the venue knows of a user', async () => {
    expect((await sdk.info('user_fees', MAIN)).dailyUserVlm).toHaveLength(15);
    expect((await sdk.info('user_rate_limit', MAIN)).nRequestsUsed).toBeGreaterThan(10);
    expect(await sdk.info('user_role', MAIN)).toEqual({ role: 'user' });
    const agents = await sdk.info('extra_agents', MAIN);
    expect(agents.map((agent: { name: string }) => agent.name)).toEqual(['main-1', 'mine']);
    expect(await sdk.info('query_sub_accounts', MAIN)).toBeNull();
    expect((await sdk.info('portfolio', MAIN)).map(([period]: [string]) => period)).toContain('perpAllTime');
    const statuses = (await sdk.info('historical_orders', MAIN)).map((row: { status: string }) => row.status);
    expect(new Set(statuses)).toEqual(new Set(['open', 'filled', 'canceled', 'minTradeNtlRejected']));
    await step(3_600_000);
    expect(await sdk.info('funding_history', 'BTC', Date.now() - 3_600_000)).not.toEqual([]);
    await sdk.info('user_funding_history', MAIN, 0);
    expect(await sdk.info('user_non_funding_ledger_updates', MAIN, 0)).toHaveLength(2);
    expect(await sdk.info('user_fills_by_time', MAIN, 0, null, true)).not.toEqual([]);
  });
});
