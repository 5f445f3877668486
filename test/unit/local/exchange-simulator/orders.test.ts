import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { cashDifference, ledgerReport } from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { dec } from '#shared/core/decimal.ts';
import { cloidOf, MAIN, orderAction, SimulatorClient, type WireOrderInput } from '#test/support/simulator-client.ts';

function prepare(options: ConstructorParameters<typeof ExchangeSimulator>[0] = {}) {
  const simulator = new ExchangeSimulator({ historyMinutes: 5, ...options });
  simulator.advance(simulator.nowMs() + 2_000);
  return { simulator, client: new SimulatorClient(simulator) };
}
const whole = (price: number) => String(Math.round(price));

describe('orders', () => {
  it('fills an Ioc buy at the book, charges the taker fee and shows the fill and the position', () => {
    const { client } = prepare();
    const answer = client.order({ px: whole(client.mid('BTC') * 1.02), sz: '0.01', cloid: cloidOf(1) });
    expect(answer.filled).toMatchObject({ totalSz: '0.01', oid: expect.any(Number) });
    const [fill] = client.info({ type: 'userFills', user: MAIN });
    expect(fill).toMatchObject({
      coin: 'BTC',
      side: 'B',
      sz: '0.01',
      dir: 'Open Long',
      startPosition: '0.0',
      crossed: true,
    });
    expect(Number(fill.fee)).toBeCloseTo(Number(fill.px) * 0.01 * 0.00045, 5);
    expect(client.position('BTC')).toBe('0.01');
    const status = client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(1) });
    expect(status).toMatchObject({
      status: 'order',
      order: { status: 'filled', order: { sz: '0.0', origSz: '0.01' } },
    });
  });

  it.each([
    ['Order must have minimum value of $10. asset=0', { px: '60000', sz: '0.0001' }],
    ['Price must be divisible by tick size. asset=0', { px: '60000.5', sz: '0.01' }],
    ['Order has invalid size. asset=0', { px: '60000', sz: '0.000001' }],
    ['Reduce only order would increase position. asset=0', { px: '60000', sz: '0.01', reduceOnly: true }],
    ['Order could not immediately match against any resting orders. asset=0', { px: '50000', sz: '0.01' }],
    ['Insufficient margin to place order. asset=0', { px: '70000', sz: '50' }],
    ['Order price cannot be more than 80% away from the reference price. asset=0', { px: '1000', sz: '1' }],
  ] satisfies [string, WireOrderInput][])('answers "%s"', (text, order) => {
    const { client } = prepare();
    expect(client.order(order)).toEqual({ error: text });
    expect(client.position('BTC')).toBe('0.0');
  });

  it('refuses an Alo that would match, with the best prices in the answer', () => {
    const { client } = prepare();
    const { error } = client.order({ px: whole(client.mid('BTC') * 1.01), sz: '0.01', tif: 'Alo' });
    expect(error).toMatch(/^Post only order would have immediately matched, bbo was \d+@\d+\. asset=0$/);
  });

  it('refuses a client order id that it knows, also after the order ended', () => {
    const { client, simulator } = prepare();
    const order = { px: whole(client.mid('BTC') * 1.02), sz: '0.01', cloid: cloidOf(7) };
    expect(client.order(order)).toHaveProperty('filled');
    expect(client.order(order)).toEqual({ error: 'Duplicate client order id. asset=0' });
    expect(client.position('BTC')).toBe('0.01');
    expect(ledgerReport(simulator.world, [])).toMatchObject({ duplicateCloidsRefused: 1, duplicateOrders: 0 });
  });

  it('fills a resting order as maker when the market comes to it', () => {
    const { client, simulator } = prepare();
    const px = whole(client.mid('BTC') - 5);
    expect(client.order({ px, sz: '0.01', tif: 'Alo', cloid: cloidOf(1) })).toHaveProperty('resting.oid');
    expect(client.info({ type: 'openOrders', user: MAIN })).toHaveLength(1);
    for (let i = 0; i < 5_000 && client.info({ type: 'openOrders', user: MAIN }).length > 0; i += 1)
      simulator.advance();
    const [fill] = client.info({ type: 'userFills', user: MAIN });
    expect(fill).toMatchObject({ crossed: false, px: `${px}.0` });
    expect(Number(fill.fee)).toBeCloseTo(Number(px) * Number(fill.sz) * 0.00015, 5);
  });

  it('cancels by id and by client order id, once', () => {
    const { client } = prepare();
    const resting = { px: '50000', sz: '0.01', tif: 'Gtc' as const };
    const { oid } = client.order({ ...resting, cloid: cloidOf(1) }).resting;
    client.order({ ...resting, cloid: cloidOf(2) });
    const statuses = (action: unknown) => client.exchange(action).response.data.statuses;
    expect(statuses({ type: 'cancel', cancels: [{ a: 0, o: oid }] })).toEqual(['success']);
    expect(statuses({ type: 'cancel', cancels: [{ a: 0, o: oid }] })[0].error).toMatch(/^Order was never placed/);
    expect(statuses({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: cloidOf(2) }] })).toEqual(['success']);
    expect(client.info({ type: 'openOrders', user: MAIN })).toEqual([]);
  });

  it('trades HIP-3 coins in their own sub-account', () => {
    const { client } = prepare();
    const px = (client.mid('xyz:INTC') * 1.01).toFixed(2);
    expect(client.order({ asset: 110_000, px, sz: '10' })).toHaveProperty('filled');
    expect(client.position('xyz:INTC')).toBe('10.0');
    expect(client.info({ type: 'clearinghouseState', user: MAIN }).assetPositions).toEqual([]);
  });

  it('cancels everything at the time of a scheduled cancel', () => {
    const { client, simulator } = prepare();
    client.order({ px: '50000', sz: '0.01', tif: 'Gtc', cloid: cloidOf(1) });
    const early = { type: 'scheduleCancel', time: simulator.nowMs() + 4_000 };
    expect(client.exchange(early).response).toBe(
      'Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $0.',
    );
    const account = simulator.world.accounts.get(MAIN)!;
    account.traded.note(simulator.nowMs(), dec(1_000_000), true);
    expect(client.exchange(early).response).toContain('too early');
    expect(client.exchange({ type: 'scheduleCancel', time: simulator.nowMs() + 6_000 }).status).toBe('ok');
    simulator.advance(simulator.nowMs() + 6_000);
    const status = client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(1) });
    expect(status.order.status).toBe('scheduledCancel');
  });

  it('isolates margin: opening moves value ÷ leverage, adding margin moves the liquidation price away', () => {
    const { client } = prepare();
    client.exchange({ type: 'updateLeverage', asset: 1, isCross: false, leverage: 10 });
    client.order({ asset: 1, px: whole(client.mid('ETH') * 1.02), sz: '1' });
    const of = () => client.info({ type: 'clearinghouseState', user: MAIN }).assetPositions[0].position;
    const before = of();
    expect(before.leverage).toMatchObject({ type: 'isolated', value: 10 });
    expect(Number(before.marginUsed)).toBeCloseTo(Number(before.positionValue) / 10, -1);
    expect(client.exchange({ type: 'updateIsolatedMargin', asset: 1, isBuy: true, ntli: 100_000_000 }).status).toBe(
      'ok',
    );
    expect(Number(of().liquidationPx)).toBeLessThan(Number(before.liquidationPx) - 50);
    expect(client.exchange({ type: 'updateLeverage', asset: 1, isCross: false, leverage: 26 }).status).toBe('err');
  });

  it('liquidates an account that can no longer carry its position, and marks the fill', () => {
    const { client, simulator } = prepare();
    client.exchange({ type: 'updateLeverage', asset: 2, isCross: true, leverage: 20 });
    for (let i = 0; i < 10; i += 1) {
      simulator.advance();
      client.order({ asset: 2, px: (client.mid('SOL') * 1.02).toFixed(1), sz: '130' });
    }
    const market = simulator.world.byCoin.get('SOL');
    const position = Number(client.position('SOL'));
    expect(position).toBeGreaterThan(500);
    // What the market would have to do for weeks is done here at once: the next trade prints a fifth lower.
    const source = simulator.source;
    const take = source.take.bind(source);
    source.take = () => {
      const tick = take();
      return simulator.world.markets[tick.market] === market
        ? { ...tick, price: Number((tick.price * 0.8).toFixed(2)) }
        : tick;
    };
    simulator.advance(simulator.nowMs() + 2_000);
    const liquidation = client.info({ type: 'userFills', user: MAIN })[0];
    expect(liquidation).toMatchObject({ coin: 'SOL', side: 'A', liquidation: { method: 'market' } });
    expect(client.position('SOL')).toBe('0.0');
    expect(cashDifference(simulator.world).toFixed()).toBe('0');
  });

  it('pays funding every hour', () => {
    const { client, simulator } = prepare({ ticksPerSecond: 0.01 });
    client.order({ px: whole(client.mid('BTC') * 1.02), sz: '0.1' });
    simulator.advance(simulator.nowMs() + 2 * 3_600_000);
    const payments = client.info({ type: 'userFunding', user: MAIN, startTime: 0 });
    expect(payments).toHaveLength(2);
    expect(Number(payments[0].delta.usdc)).toBeLessThan(0);
    expect(cashDifference(simulator.world).toFixed()).toBe('0');
  });
});

describe('signer, nonce and expiry', () => {
  it('accepts the master and its agent, and nobody else', () => {
    const { client } = prepare();
    const order = { px: '50000', sz: '0.01', tif: 'Gtc' as const };
    expect(client.order(order, { signer: TEST_SIGNERS.mainMaster })).toHaveProperty('resting');
    const stranger = TEST_SIGNERS.stranger;
    expect(client.exchange(orderAction(order), { signer: stranger })).toEqual({
      status: 'err',
      response: `User or API Wallet ${stranger.address} does not exist.`,
    });
  });

  it('refuses a nonce that was used, and one outside of two days back and one day ahead', () => {
    const { client, simulator } = prepare();
    const nonce = simulator.nowMs();
    const send = (n: number) => client.exchange({ type: 'noop' }, { nonce: n });
    expect(send(nonce).status).toBe('ok');
    expect(send(nonce)).toEqual({ status: 'err', response: `Invalid nonce: duplicate nonce ${nonce}` });
    expect(send(nonce - 2 * 86_400_000).status).toBe('err');
    expect(send(nonce + 86_400_000).status).toBe('err');
    expect(send(nonce - 86_400_000).status).toBe('ok');
  });

  it('does not execute what expired, and counts it', () => {
    const { client, simulator } = prepare();
    const action = orderAction({ px: '50000', sz: '0.01', tif: 'Gtc' });
    expect(client.exchange(action, { expiresAfter: simulator.nowMs() - 1 }).status).toBe('err');
    expect(client.exchange(action, { expiresAfter: simulator.nowMs() + 1 }).status).toBe('ok');
    expect(ledgerReport(simulator.world, [])).toMatchObject({ expiredRefused: 1, acceptedOrders: 1 });
  });

  it('records builder fees and referrers that it is sent', () => {
    const { client, simulator } = prepare();
    client.exchange({
      ...orderAction({ px: '50000', sz: '0.01', tif: 'Gtc' }),
      builder: { b: TEST_SIGNERS.secondMaster.address, f: 10 },
    });
    client.exchange({ type: 'setReferrer', code: 'X' });
    const kinds = ledgerReport(simulator.world, []).builderEvents.map((event) => event.kind);
    expect(kinds).toEqual(['builder-fee', 'referrer']);
  });
});

describe('any sequence of orders', () => {
  const step = fc.record({
    asset: fc.constantFrom(0, 1, 110_000),
    buy: fc.boolean(),
    lots: fc.integer({ min: 1, max: 40 }),
    offBps: fc.integer({ min: -300, max: 300 }),
    tif: fc.constantFrom('Ioc' as const, 'Gtc' as const, 'Alo' as const),
    reduceOnly: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 3_000 }),
    isolated: fc.boolean(),
  });
  const PERP = [
    { asset: 0, coin: 'BTC', lot: 0.01, decimals: 0 },
    { asset: 1, coin: 'ETH', lot: 0.1, decimals: 1 },
    { asset: 110_000, coin: 'xyz:INTC', lot: 5, decimals: 2 },
  ];

  it('conserves cash, never passes what was asked for, and keeps position = sum of fills', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const { client, simulator } = prepare({ historyMinutes: 1, ticksPerSecond: 2 });
        for (const { asset, buy, lots, offBps, tif, reduceOnly, waitMs, isolated } of steps) {
          const perp = PERP.find((p) => p.asset === asset)!;
          client.exchange({ type: 'updateLeverage', asset, isCross: !isolated, leverage: 5 });
          const px = (client.mid(perp.coin) * (1 + offBps / 10_000)).toFixed(perp.decimals);
          const sz = Number((lots * perp.lot).toFixed(4)).toString();
          client.order({ asset, buy, px, sz, tif, reduceOnly });
          simulator.advance(simulator.nowMs() + waitMs);
        }
        expect(cashDifference(simulator.world).toFixed()).toBe('0');
        for (const { coin } of PERP) {
          const fills = client.info({ type: 'userFills', user: MAIN }).filter((f: { coin: string }) => f.coin === coin);
          const sum = fills.reduce(
            (total: ReturnType<typeof dec>, f: { side: string; sz: string }) =>
              f.side === 'B' ? total.plus(f.sz) : total.minus(f.sz),
            dec(0),
          );
          expect(sum.eq(client.position(coin))).toBe(true);
        }
        for (const order of simulator.world.orders.values()) expect(order.filled.lte(order.origSz)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
