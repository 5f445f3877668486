import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { cashDifference } from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { signL1 } from '#local/exchange-simulator/wire/hyperliquid/l1-signature.ts';
import { cloidOf, MAIN, orderAction, SimulatorClient, type WireOrderInput } from '#test/support/simulator-client.ts';

function prepare() {
  const simulator = new ExchangeSimulator({ historyMinutes: 5 });
  simulator.advance(simulator.nowMs() + 2_000);
  return { simulator, client: new SimulatorClient(simulator) };
}
const resting = { px: '50000', sz: '0.01', tif: 'Gtc' as const };

describe('the form of an action', () => {
  const order = { a: 0, b: true, p: '50000', s: '0.01', r: false, t: { limit: { tif: 'Gtc' } } };
  const action = { type: 'order', orders: [order], grouping: 'na' };
  const { a, b, ...others } = order;
  const swapped = { b, a, ...others };

  it.each([
    ['a price with trailing zeros', { ...action, orders: [{ ...order, p: '50000.0' }] }],
    ['a size with trailing zeros', { ...action, orders: [{ ...order, s: '0.0100' }] }],
    ['fields in another order', { type: 'order', grouping: 'na', orders: [order] }],
    ['fields of an order in another order', { ...action, orders: [swapped] }],
    ['a field that the venue does not know', { ...action, note: 'mine' }],
    ['a client order id in upper case', { ...action, orders: [{ ...order, c: `0x${'AB'.repeat(16)}` }] }],
    ['a client order id that is null', { ...action, orders: [{ ...order, c: null }] }],
  ])('recovers another signer from %s', (_, signed) => {
    const { client, simulator } = prepare();
    const answer = client.exchange(signed);
    expect(answer.status).toBe('err');
    expect(answer.response).toMatch(/^User or API Wallet 0x[0-9a-f]{40} does not exist\.$/);
    expect(answer.response).not.toContain(TEST_SIGNERS.mainAgent.address);
    expect(simulator.world.orders.size).toBe(0);
  });

  it('does not mind how what was signed in form is written down', () => {
    const { client, simulator } = prepare();
    const nonce = simulator.nowMs();
    const envelope = { action, nonce, vaultAddress: null, expiresAfter: null };
    const signature = signL1(envelope, 'a', TEST_SIGNERS.mainAgent.privateKey);
    const sent = { grouping: 'na', orders: [{ ...order, p: '50000.0', extra: 1 }], type: 'order' };
    const body = JSON.stringify({ signature, nonce, action: sent });
    expect(client.simulator.handle({ path: '/exchange', body })).toMatchObject({
      body: expect.stringContaining('resting'),
    });
  });
});

describe('modify', () => {
  const wire = (change: Partial<WireOrderInput> = {}) => orderAction({ ...resting, ...change }).orders[0];

  it('replaces an open order under a new id, by id and by client order id', () => {
    const { client } = prepare();
    const { oid } = client.order(resting).resting;
    expect(client.exchange({ type: 'modify', oid, order: wire({ px: '51000', cloid: cloidOf(1) }) })).toEqual({
      status: 'ok',
      response: { type: 'default' },
    });
    const [open, ...others] = client.info({ type: 'openOrders', user: MAIN });
    expect(others).toEqual([]);
    expect(open).toMatchObject({ limitPx: '51000.0', cloid: cloidOf(1) });
    expect(open.oid).not.toBe(oid);
    expect(client.info({ type: 'orderStatus', user: MAIN, oid }).order.status).toBe('canceled');
    const modifies = [{ oid: cloidOf(1), order: wire({ px: '52000', cloid: cloidOf(1) }) }];
    const batch = client.exchange({ type: 'batchModify', modifies });
    expect(batch.response).toMatchObject({ type: 'order', data: { statuses: [{ resting: { cloid: cloidOf(1) } }] } });
    expect(client.info({ type: 'openOrders', user: MAIN })).toMatchObject([{ limitPx: '52000.0' }]);
  });

  it("refuses what is not open, and somebody else's", () => {
    const { client } = prepare();
    const { oid } = client.order(resting, { signer: TEST_SIGNERS.secondAgent }).resting;
    const words = 'Cannot modify canceled or filled order';
    expect(client.exchange({ type: 'modify', oid, order: wire() })).toEqual({ status: 'err', response: words });
    const modifies = [{ oid: 1, order: wire() }];
    expect(client.exchange({ type: 'batchModify', modifies }).response.data.statuses).toEqual([{ error: words }]);
  });

  it('leaves the old order when the new one is wrong by itself, and has lost it when the book refuses', () => {
    const { client } = prepare();
    const { oid } = client.order(resting).resting;
    expect(client.exchange({ type: 'modify', oid, order: wire({ px: '60000.5' }) }).response).toMatch(/^Price must be/);
    expect(client.info({ type: 'openOrders', user: MAIN })).toMatchObject([{ oid }]);
    const crossing = wire({ px: String(Math.round(client.mid('BTC') * 1.01)), tif: 'Alo' });
    expect(client.exchange({ type: 'modify', oid, order: crossing }).response).toMatch(
      /^Error placing new order during modify: Post only order would have immediately matched/,
    );
    expect(client.info({ type: 'openOrders', user: MAIN })).toEqual([]);
  });
});

describe('fills of one order', () => {
  it('share one hash, which no other order has', () => {
    const { client } = prepare();
    const px = String(Math.round(client.mid('BTC') * 1.02));
    client.order({ px, sz: '2' });
    client.order({ px, sz: '1' });
    const fills: { oid: number; hash: string }[] = client.info({ type: 'userFills', user: MAIN });
    const hashes = Map.groupBy(fills, (fill) => fill.oid);
    expect(fills.length).toBeGreaterThan(2);
    expect([...hashes.values()].map((own) => new Set(own.map((fill) => fill.hash)).size)).toEqual([1, 1]);
    expect(new Set(fills.map((fill) => fill.hash)).size).toBe(2);
  });
});

describe('a builder fee', () => {
  const builder = { b: TEST_SIGNERS.secondMaster.address, f: 10 };

  it('is charged with each fill once its payer has approved it, and refused before', () => {
    const { client, simulator } = prepare();
    const action = { ...orderAction({ px: String(Math.round(client.mid('BTC') * 1.02)), sz: '0.1' }), builder };
    const send = () => client.exchange(action).response.data.statuses[0];
    expect(send()).toEqual({ error: 'Builder fee has not been approved.' });
    simulator.world.accounts.get(MAIN)?.builderFees.set(builder.b, 10);
    expect(send()).toHaveProperty('filled');
    const [fill] = client.info({ type: 'userFills', user: MAIN });
    const notional = Number(fill.px) * Number(fill.sz);
    expect(Number(fill.builderFee)).toBeCloseTo(notional * 0.0001, 5);
    expect(Number(fill.fee)).toBeCloseTo(notional * (0.00045 + 0.0001), 5);
    expect(cashDifference(simulator.world).toFixed()).toBe('0');
  });
});
