import { ExchangeClient, HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import type { ExchangeSingleWalletConfig } from '@nktkas/hyperliquid/api/exchange';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { type SimulatorProcess, startSimulator } from '#test/integration/exchange-simulator/simulator-process.ts';
import { cloidOf, MAIN } from '#test/support/simulator-client.ts';
import { againstDeclaredTypes, type TypedAnswer } from '#test/support/venue-clients/declared-types.ts';
import { walletOf } from '#test/support/venue-clients/nktkas-wallet.ts';

const user = MAIN as `0x${string}`;
const HOUR_MS = 3_600_000;

/** Somebody else's typed client as the judge: it signs and sends, and its declarations say what may be answered. */
describe('@nktkas/hyperliquid on the simulator', () => {
  let simulator: SimulatorProcess;
  let info: InfoClient;
  let exchange: ExchangeClient<ExchangeSingleWalletConfig>;
  const answers: TypedAnswer[] = [];
  beforeAll(async () => {
    simulator = await startSimulator('--stepped', '--start', String(Date.now()), '--history-minutes', '3000');
    await step(5_000);
    const transport = new HttpTransport({ apiUrl: simulator.httpUrl });
    info = new InfoClient({ transport });
    exchange = new ExchangeClient({ transport, wallet: await walletOf() });
  }, 60_000);
  afterAll(() => simulator?.kill('SIGTERM'));

  const step = async (ms: number) => {
    const { nowMs } = (await simulator.post('/control/status', {})).json as { nowMs: number };
    await simulator.post('/control/advance', { toMs: nowMs + ms });
    return nowMs + ms;
  };
  const note = <T>(type: TypedAnswer['type'], value: T): T => {
    answers.push({ name: `${type} ${answers.length}`, type, value });
    return value;
  };
  const mid = async (coin: string) => Number((await info.allMids(coin.includes(':') ? { dex: 'xyz' } : {}))[coin]);
  const order = async (change: {
    a?: number;
    b?: boolean;
    p: string;
    s: string;
    tif?: 'Gtc' | 'Ioc' | 'Alo';
    c?: string;
  }) => {
    const { a = 0, b = true, p, s, tif = 'Gtc', c } = change;
    const one = { a, b, p, s, r: false, t: { limit: { tif } }, ...(c ? { c: c as `0x${string}` } : {}) };
    const answer = await exchange.order({ orders: [one], grouping: 'na' });
    // biome-ignore lint/suspicious/noExplicitAny: three shapes of a status
    return note('exchange.OrderResponse', answer).response.data.statuses[0] as any;
  };
  const rest = async (change: Parameters<typeof order>[0]): Promise<number> => (await order(change)).resting.oid;

  it('places, finds and cancels an order', async () => {
    const oid = await rest({ p: '30000', s: '0.001' });
    const open = note('info.OpenOrdersResponse', await info.openOrders({ user }));
    expect(open).toMatchObject([{ oid, limitPx: '30000.0' }]);
    note('info.FrontendOpenOrdersResponse', await info.frontendOpenOrders({ user }));
    const found = note('info.OrderStatusResponse', await info.orderStatus({ user, oid }));
    expect(found).toMatchObject({ status: 'order', order: { status: 'open' } });
    note('exchange.CancelResponse', await exchange.cancel({ cancels: [{ a: 0, o: oid }] }));
    await rest({ p: '30000', s: '0.001', c: cloidOf(1) });
    const cancels = [{ asset: 0, cloid: cloidOf(1) as `0x${string}` }];
    note('exchange.CancelByCloidResponse', await exchange.cancelByCloid({ cancels }));
    note('info.OrderStatusResponse', await info.orderStatus({ user, oid: cloidOf(1) as `0x${string}` }));
    note('info.OrderStatusResponse', await info.orderStatus({ user, oid: 7 }));
    expect(await info.openOrders({ user })).toEqual([]);
  });

  it('modifies orders, one and many, by number and by client order id', async () => {
    const wire = (p: string) => ({ a: 0, b: true, p, s: '0.001', r: false, t: { limit: { tif: 'Gtc' as const } } });
    const oid = await rest({ p: '30000', s: '0.001' });
    note('exchange.ModifyResponse', await exchange.modify({ oid, order: wire('31000') }));
    // The library takes a client order id that fits a number for the order's number.
    const c = `0x${'ab'.repeat(16)}` as const;
    await rest({ p: '32000', s: '0.001', c });
    const other = (await info.openOrders({ user })).find((order) => order.limitPx === '31000.0')!.oid;
    const modifies = [
      { oid: c, order: { ...wire('33000'), c } },
      { oid: other, order: wire('34000') },
      { oid, order: wire('35000') },
    ];
    const batch = await exchange.batchModify({ modifies }).catch((error: { response: unknown }) => error.response);
    note('exchange.BatchModifyResponse', batch);
    const prices = (await info.openOrders({ user })).map((order) => order.limitPx);
    expect(prices.toSorted()).toEqual(['33000.0', '34000.0']);
    for (const { oid: o } of await info.openOrders({ user })) await exchange.cancel({ cancels: [{ a: 0, o }] });
  });

  it('buys and sells, long and isolated, and reads what it holds', async () => {
    await exchange.updateLeverage({ asset: 2, isCross: false, leverage: 5 });
    const px = (coin: string, away: number) => mid(coin).then((at) => String(Number((at * away).toPrecision(4))));
    await order({ p: await px('BTC', 1.02), s: '0.01', tif: 'Ioc' });
    await order({ a: 2, b: false, p: await px('SOL', 0.98), s: '2', tif: 'Ioc', c: cloidOf(2) });
    await order({ a: 110_001, p: await px('xyz:CL', 1.02), s: '2', tif: 'Ioc' });
    const state = note('info.ClearinghouseStateResponse', await info.clearinghouseState({ user }));
    expect(state.assetPositions.map(({ position }) => [position.coin, position.leverage.type])).toEqual([
      ['BTC', 'cross'],
      ['SOL', 'isolated'],
    ]);
    note('info.ClearinghouseStateResponse', await info.clearinghouseState({ user, dex: 'xyz' }));
    const toMs = await step(HOUR_MS);
    note('info.UserFillsResponse', await info.userFills({ user }));
    note('info.UserFillsByTimeResponse', await info.userFillsByTime({ user, startTime: 0, endTime: toMs }));
    const whole = { user, aggregateByTime: true };
    note('info.UserFillsResponse', await info.userFills(whole));
    expect(note('info.UserFundingResponse', await info.userFunding({ user, startTime: 0 }))).toHaveLength(3);
    note('info.HistoricalOrdersResponse', await info.historicalOrders({ user }));
    note('info.UserNonFundingLedgerUpdatesResponse', await info.userNonFundingLedgerUpdates({ user, startTime: 0 }));
    note('info.SpotClearinghouseStateResponse', await info.spotClearinghouseState({ user }));
    note('info.UserAbstractionResponse', await info.userAbstraction({ user }));
  });

  it('reads what the venue knows of a user', async () => {
    const builder = TEST_SIGNERS.secondMaster.address;
    expect(note('info.UserFeesResponse', await info.userFees({ user })).userCrossRate).toBe('0.00045');
    expect(note('info.UserRateLimitResponse', await info.userRateLimit({ user })).nRequestsUsed).toBeGreaterThan(5);
    for (const one of [user, TEST_SIGNERS.mainAgent.address, TEST_SIGNERS.stranger.address]) {
      note('info.UserRoleResponse', await info.userRole({ user: one }));
    }
    expect(note('info.ExtraAgentsResponse', await info.extraAgents({ user }))).toHaveLength(1);
    note('info.SubAccountsResponse', await info.subAccounts({ user }));
    for (const coin of ['BTC', 'SOL', 'xyz:CL']) {
      note('info.ActiveAssetDataResponse', await info.activeAssetData({ user, coin }));
    }
    expect(note('info.PortfolioResponse', await info.portfolio({ user }))[0][1].accountValueHistory.length).toBe(3);
    note('info.MaxBuilderFeeResponse', await info.maxBuilderFee({ user, builder }));
  });

  it('reads the market', async () => {
    const endTime = await step(0);
    note('info.AllMidsResponse', await info.allMids());
    note('info.MetaResponse', await info.meta());
    note('info.ExchangeStatusResponse', await info.exchangeStatus());
    note('info.MetaAndAssetCtxsResponse', await info.metaAndAssetCtxs());
    note('info.MetaAndAssetCtxsResponse', await info.metaAndAssetCtxs({ dex: 'xyz' }));
    note('info.PerpDexsResponse', await info.perpDexs());
    note('info.SpotMetaResponse', await info.spotMeta());
    note('info.SpotMetaAndAssetCtxsResponse', await info.spotMetaAndAssetCtxs());
    note('info.L2BookResponse', await info.l2Book({ coin: 'BTC' }));
    note('info.L2BookResponse', await info.l2Book({ coin: 'BTC', nSigFigs: 5, mantissa: 5 }));
    note('info.L2BookResponse', await info.l2Book({ coin: 'NOPE' }));
    const startTime = endTime - 5 * HOUR_MS;
    expect(note('info.FundingHistoryResponse', await info.fundingHistory({ coin: 'BTC', startTime }))).toHaveLength(5);
    for (const interval of [
      '1m',
      '3m',
      '5m',
      '15m',
      '30m',
      '1h',
      '2h',
      '4h',
      '8h',
      '12h',
      '1d',
      '3d',
      '1w',
      '1M',
    ] as const) {
      const bars = await info.candleSnapshot({ coin: 'BTC', interval, startTime: endTime - 800 * HOUR_MS, endTime });
      expect(bars.length).toBeGreaterThan(0);
      note('info.CandleSnapshotResponse', bars);
    }
  });

  it('hears over the socket what it subscribed, and asks and trades over it', async () => {
    const transport = new WebSocketTransport({ url: simulator.wsUrl });
    const events = new SubscriptionClient({ transport });
    const heard = new Map<string, number>();
    const listen = (type: TypedAnswer['type']) => (value: unknown) => {
      const times = (heard.get(type) ?? 0) + 1;
      heard.set(type, times);
      // Of an hour of market only the first ones; of what is the user's, all.
      if (times <= 8 || /User|Order/.test(type)) note(type, value);
    };
    await events.trades({ coin: 'BTC' }, listen('subscription.TradesEvent'));
    await events.bbo({ coin: 'BTC' }, listen('subscription.BboEvent'));
    await events.l2Book({ coin: 'BTC' }, listen('subscription.L2BookEvent'));
    await events.l2Book({ coin: 'ETH', nSigFigs: 5, mantissa: 2 }, listen('subscription.L2BookEvent'));
    await events.l2Book({ coin: 'SOL', fast: true }, listen('subscription.L2BookEvent'));
    await events.candle({ coin: 'BTC', interval: '1w' }, listen('subscription.CandleEvent'));
    await events.allMids({ dex: 'xyz' }, listen('subscription.AllMidsEvent'));
    await events.activeAssetCtx({ coin: 'BTC' }, listen('subscription.ActiveAssetCtxEvent'));
    await events.userFills({ user }, listen('subscription.UserFillsEvent'));
    await events.userFills({ user, aggregateByTime: true }, listen('subscription.UserFillsEvent'));
    await events.orderUpdates({ user }, listen('subscription.OrderUpdatesEvent'));
    await events.userEvents({ user }, listen('subscription.UserEventsEvent'));
    await events.userFundings({ user }, listen('subscription.UserFundingsEvent'));
    await expect(events.candle({ coin: 'NOPE', interval: '1m' }, () => {})).rejects.toThrow('Invalid subscription');

    const overSocket = new ExchangeClient({ transport, wallet: await walletOf() });
    const one = { a: 0, b: true, p: String(Math.round((await mid('BTC')) * 1.02)), s: '0.01', r: false };
    const orders = [{ ...one, t: { limit: { tif: 'Ioc' as const } } }];
    note('exchange.OrderResponse', await overSocket.order({ orders, grouping: 'na' }));
    expect(note('info.L2BookResponse', await new InfoClient({ transport }).l2Book({ coin: 'NOPE' }))).toBeNull();
    const nobody = new ExchangeClient({ transport, wallet: await walletOf(TEST_SIGNERS.stranger) });
    await expect(nobody.cancel({ cancels: [{ a: 0, o: 1 }] })).rejects.toThrow('does not exist');
    await step(40_000);
    await step(40_000);
    await step(HOUR_MS - 80_000);
    await expect.poll(() => heard.size, { timeout: 10_000 }).toBe(10);
    transport.close();
  }, 30_000);

  it("lets an account's own wallet approve agents and builders, and nobody else", async () => {
    const builder = TEST_SIGNERS.secondMaster.address;
    const transport = new HttpTransport({ apiUrl: simulator.httpUrl });
    const master = new ExchangeClient({ transport, wallet: await walletOf(TEST_SIGNERS.mainMaster) });
    note(
      'exchange.ApproveAgentResponse',
      await master.approveAgent({ agentAddress: TEST_SIGNERS.stranger.address, agentName: 'other' }),
    );
    expect(await info.userRole({ user: TEST_SIGNERS.stranger.address })).toMatchObject({ role: 'agent' });
    note('exchange.ApproveBuilderFeeResponse', await master.approveBuilderFee({ builder, maxFeeRate: '0.01%' }));
    expect(await info.maxBuilderFee({ user, builder })).toBe(10);
    await expect(exchange.approveBuilderFee({ builder, maxFeeRate: '0.1%' })).rejects.toThrow(
      `Must deposit before performing actions. User: ${TEST_SIGNERS.mainAgent.address}`,
    );
  });

  it('would notice a missing, an odd and an unknown field, and a number in another form', async () => {
    const { specialStatuses: _, ...missing } = await info.exchangeStatus();
    const problems = await againstDeclaredTypes([
      { name: 'missing', type: 'info.ExchangeStatusResponse', value: missing },
      { name: 'odd', type: 'info.ExchangeStatusResponse', value: { time: '1', specialStatuses: null } },
      { name: 'unknown', type: 'info.ExchangeStatusResponse', value: { time: 1, specialStatuses: null, more: 1 } },
      { name: 'exponent', type: 'info.AllMidsResponse', value: { BTC: '1e-7' } },
    ]);
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['missing', 'odd', 'unknown', 'exponent']);
  }, 60_000);

  it('was answered in the declared form each time', async () => {
    expect(answers.length).toBeGreaterThan(20);
    expect(await againstDeclaredTypes(answers)).toEqual([]);
  }, 60_000);
});
