import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { FAULT_KINDS, faultScriptSchema } from '#local/exchange-simulator/faults/fault-script.ts';
import { setAccountMode } from '#local/exchange-simulator/server/control.ts';
import { cloidOf, MAIN, orderAction, SimulatorClient } from '#test/support/simulator-client.ts';

function prepare(...faults: Record<string, unknown>[]) {
  const simulator = new ExchangeSimulator({ historyMinutes: 1 });
  simulator.advance(simulator.nowMs() + 2_000);
  simulator.installFaults(faultScriptSchema.parse(faults.map((fault, i) => ({ id: `f${i}`, ...fault }))));
  const client = new SimulatorClient(simulator);
  const px = String(Math.round(client.mid('BTC') * 1.02));
  const send = (body: string) => simulator.handle({ path: '/exchange', body });
  const fired = () => simulator.faults.fired.map((fault) => fault.kind);
  return { simulator, client, px, send, fired };
}
const rest = (n: number) => orderAction({ px: '50000', sz: '0.01', tif: 'Gtc', cloid: cloidOf(n) });
const state = { type: 'clearinghouseState', user: MAIN };

describe('HTTP faults', () => {
  it('lists every kind once', () => {
    expect(new Set(FAULT_KINDS).size).toBe(FAULT_KINDS.length);
  });

  it('answers 429 without retry-after where the venue names none', () => {
    const { client, send } = prepare({ kind: 'http-429', retryAfterSeconds: null, match: { path: '/exchange' } });
    const answer = send(client.signed(rest(1)));
    expect(answer).toMatchObject({ kind: 'answer', status: 429 });
    expect(answer.kind === 'answer' && answer.headers).not.toHaveProperty('retry-after');
  });

  it.each([
    [false, { status: 'ok', response: { type: 'order', data: { statuses: [{ error: 'No.' }] } } }],
    [true, { status: 'err', response: 'No.' }],
  ])('refuses an action in any words (whole request: %s), and executes nothing', (wholeRequest, expected) => {
    const { client, send } = prepare({ kind: 'refuse-action', text: 'No.', wholeRequest, match: { type: 'order' } });
    const answer = send(client.signed(rest(1)));
    expect(answer.kind === 'answer' && JSON.parse(answer.body)).toEqual(expected);
    expect(client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(1) }).status).toBe('unknownOid');
  });

  it('knows no signer while agents are dead, and knows it again after that', () => {
    const { client, simulator, send } = prepare();
    const toMs = simulator.nowMs() + 5_000;
    simulator.installFaults(faultScriptSchema.parse([{ id: 'x', kind: 'dead-agent', toMs }]));
    const answer = send(client.signed(rest(1)));
    expect(answer.kind === 'answer' && JSON.parse(answer.body)).toEqual({
      status: 'err',
      response: expect.stringMatching(/^User or API Wallet 0x[0-9a-f]{40} does not exist\.$/),
    });
    simulator.advance(toMs);
    expect(client.exchange(rest(2)).status).toBe('ok');
  });

  it('answers 429 with retry-after to the nth matching request only', () => {
    const { simulator, fired } = prepare({ kind: 'http-429', nth: 2, match: { type: 'meta' }, retryAfterSeconds: 3 });
    const ask = (type: string) => simulator.handle({ path: '/info', body: JSON.stringify({ type }) });
    expect(
      [ask('meta'), ask('perpDexs'), ask('meta'), ask('meta')].map((r) => r.kind === 'answer' && r.status),
    ).toEqual([200, 200, 429, 200]);
    expect(fired()).toEqual(['http-429']);
  });

  it.each([
    [false, 'unknownOid'],
    [true, 'order'],
  ])('answers 5xx (executed: %s)', (afterExecution, status) => {
    const { client, send } = prepare({ kind: 'http-5xx', status: 503, afterExecution, match: { path: '/exchange' } });
    expect(send(client.signed(rest(1)))).toMatchObject({ kind: 'answer', status: 503 });
    expect(client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(1) }).status).toBe(status);
  });

  it('executes and never answers', () => {
    const { client, send, px } = prepare({
      kind: 'accept-then-timeout',
      match: { type: 'order' },
      resetAfterMs: 9_000,
    });
    const body = client.signed(orderAction({ px, sz: '0.01', cloid: cloidOf(1) }));
    expect(send(body)).toEqual({ kind: 'no-answer', resetAfterMs: 9_000 });
    expect(client.position('BTC')).toBe('0.01');
  });

  it('lets a late order in at its time, unless it expired on the way', () => {
    const { client, send, simulator } = prepare({ kind: 'arrive-late', delayMs: 8_000 });
    const nowMs = simulator.nowMs();
    send(client.signed(rest(1), { expiresAfter: nowMs + 9_000 }));
    send(client.signed(rest(2), { expiresAfter: nowMs + 7_000 }));
    const statuses = () => [1, 2].map((n) => client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(n) }).status);
    expect(statuses()).toEqual(['unknownOid', 'unknownOid']);
    simulator.advance(nowMs + 8_000);
    expect(statuses()).toEqual(['order', 'unknownOid']);
    expect(simulator.world.counters.expired).toBe(1);
  });

  it('hides a live order from orderStatus for a while', () => {
    const { client, simulator } = prepare();
    client.exchange(rest(1));
    const toMs = simulator.nowMs() + 5_000;
    simulator.installFaults(faultScriptSchema.parse([{ id: 'x', kind: 'unknown-oid', toMs }]));
    const ask = () => client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(1) }).status;
    expect(ask()).toBe('unknownOid');
    simulator.advance(toMs);
    expect(ask()).toBe('order');
  });

  it('answers an older state with its older time', () => {
    const { client, px, simulator } = prepare({ kind: 'snapshot-lag', lagMs: 30_000 });
    simulator.advance(simulator.nowMs() + 40_000);
    client.order({ px: String(Math.round(Number(px) * 1.01)), sz: '0.01' });
    simulator.advance(simulator.nowMs() + 10_000);
    const lagging = client.info(state);
    expect(lagging).toMatchObject({ time: simulator.nowMs() - 30_000, assetPositions: [] });
    simulator.advance(simulator.nowMs() + 20_001);
    expect(client.info(state).assetPositions).toHaveLength(1);
  });

  it('moves the time for one observer only', () => {
    const { client, simulator } = prepare({ kind: 'snapshot-time', offsetMs: 90_000, match: { observer: 'obs-2' } });
    const time = (id: string) => client.info(state, { 'x-observer-id': id }).time - simulator.nowMs();
    expect([time('obs-1'), time('obs-2')]).toEqual([0, 90_000]);
    expect(client.info(state, { 'user-agent': '3t/obs-2' }).time - simulator.nowMs()).toBe(90_000);
  });

  it('fails one dex and no other request', () => {
    const { simulator } = prepare({ kind: 'dex-failure', match: { dex: 'xyz' } });
    const ask = (dex?: string) => simulator.handle({ path: '/info', body: JSON.stringify({ ...state, dex }) });
    expect(ask('xyz')).toMatchObject({ status: 500 });
    expect(ask()).toMatchObject({ status: 200 });
  });

  it('tells amounts of money wrong, to those who name no observer only', () => {
    const { client } = prepare({ kind: 'money-wrong', factor: 0.5, match: { observed: false } });
    const value = (headers = {}) => Number(client.info(state, headers).marginSummary.accountValue);
    expect([value(), value({ 'x-observer-id': 'obs-1' })]).toEqual([5_000, 10_000]);
  });

  it('keeps all money of a pooled account in the spot state, and answers any word as its mode', () => {
    const { client, simulator } = prepare();
    const change = (mode: string) => setAccountMode(simulator.world, { user: MAIN, mode });
    const ask = (type: string) => client.info({ type, user: MAIN });
    expect([ask('userAbstraction'), ask('spotClearinghouseState').balances[0].total]).toEqual(['disabled', '0.0']);
    expect(change('unifiedAccount')).toBeNull();
    expect(client.info(state)).toMatchObject({ marginSummary: { accountValue: '0.0' }, withdrawable: '0.0' });
    expect(ask('spotClearinghouseState')).toMatchObject({
      balances: [{ coin: 'USDC', total: '15000.0', hold: '0.0' }],
      tokenToAvailableAfterMaintenance: [[0, '15000.0']],
    });
    change('anything');
    expect(ask('userAbstraction')).toBe('anything');
    expect(setAccountMode(simulator.world, { user: `0x${'1'.repeat(40)}`, mode: 'disabled' })).toBe('unknown-account');
  });

  it('answers a question about a dex with the native part', () => {
    const { client } = prepare({ kind: 'dex-ignored' });
    const [dex, native] = [client.info({ ...state, dex: 'xyz' }), client.info(state)];
    expect(dex).toEqual(native);
    expect(client.info({ type: 'meta', dex: 'xyz' }).universe[0].name).toBe('BTC');
  });

  it('adds a row to a list and leaves the others as they are', () => {
    const row = { time: 1, hash: '0x1', delta: { type: 'airdrop' } };
    const { client } = prepare({ kind: 'odd-row', row, match: { type: 'userNonFundingLedgerUpdates' } });
    const ledger = client.info({ type: 'userNonFundingLedgerUpdates', user: MAIN, startTime: 0 });
    expect(ledger.at(-1)).toEqual(row);
    expect(ledger[0].delta.type).toBe('deposit');
    expect(client.info({ type: 'userFillsByTime', user: MAIN, startTime: 0 })).toEqual([]);
  });

  it('delays the answer, not the execution', () => {
    const { client, send } = prepare({ kind: 'latency', delayMs: 700, match: { path: '/exchange' } });
    expect(send(client.signed(rest(1)))).toMatchObject({ kind: 'answer', status: 200, delayMs: 700 });
    expect(client.info({ type: 'orderStatus', user: MAIN, oid: cloidOf(1) }).status).toBe('order');
  });
});

describe('socket faults', () => {
  function connected(fault: Record<string, unknown>) {
    const { simulator } = prepare();
    const frames: { channel: string; data: { tid: number }[] }[] = [];
    const closes: number[] = [];
    const sink = { frame: (t: string) => frames.push(JSON.parse(t)), close: (code: number) => closes.push(code) };
    const socket = simulator.connect(sink, 'test')!;
    socket.onMessage('{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}');
    frames.length = 0;
    const fromMs = simulator.nowMs();
    simulator.installFaults(faultScriptSchema.parse([{ id: 'x', fromMs, ...fault }]));
    const tids = () => frames.filter((f) => f.channel === 'trades').flatMap((f) => f.data.map((t) => t.tid));
    return { simulator, frames, closes, socket, tids, fromMs, sink };
  }

  it('disconnects once, and keeps sockets out until the end of the window', () => {
    const { simulator, closes, sink, fromMs } = connected({ kind: 'ws-disconnect', toMs: 4_102_444_800_000 - 1 });
    expect(closes).toEqual([1006]);
    expect(simulator.connect(sink)).toBeNull();
    simulator.installFaults(faultScriptSchema.parse([{ id: 'y', kind: 'ws-disconnect', fromMs, toMs: fromMs + 10 }]));
    simulator.advance(fromMs + 10);
    expect(simulator.connect(sink)).not.toBeNull();
  });

  it('keeps a mute socket open without a word, longer than 60 s', () => {
    const { simulator, frames, closes, socket, fromMs } = connected({ kind: 'ws-mute' });
    simulator.advance(fromMs + 130_000);
    socket.onMessage('{"method":"ping"}');
    expect([frames, closes]).toEqual([[], []]);
  });

  it('sends a frame twice', () => {
    const { simulator, tids, fromMs } = connected({ kind: 'ws-duplicate', nth: 3, match: { type: 'trades' } });
    simulator.advance(fromMs + 3_000);
    const seen = tids();
    expect(seen.length - new Set(seen).size).toBe(1);
    expect(seen[2]).toBe(seen[3]);
  });

  it('swaps two frames, losing none', () => {
    const { simulator, tids, fromMs } = connected({ kind: 'ws-reorder', nth: 2 });
    simulator.advance(fromMs + 3_000);
    const seen = tids();
    const sorted = [...seen].sort((a, b) => a - b);
    expect(seen).not.toEqual(sorted);
    expect([seen[1], seen[2]]).toEqual([sorted[2], sorted[1]]);
    expect(new Set(seen).size).toBe(seen.length);
  });
});
