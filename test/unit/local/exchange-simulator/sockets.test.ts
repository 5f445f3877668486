import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { MAIN, orderAction, SimulatorClient } from '#test/support/simulator-client.ts';

function prepare() {
  const simulator = new ExchangeSimulator({ historyMinutes: 1 });
  simulator.advance(simulator.nowMs() + 10_000);
  // biome-ignore lint/suspicious/noExplicitAny: frames of every channel
  const frames: any[] = [];
  const closes: number[] = [];
  const socket = simulator.connect({
    frame: (text) => frames.push(JSON.parse(text)),
    close: (code) => closes.push(code),
  })!;
  const subscribe = (subscription: Record<string, unknown>) =>
    socket.onMessage(JSON.stringify({ method: 'subscribe', subscription }));
  const of = (channel: string) => frames.filter((frame) => frame.channel === channel);
  return { simulator, client: new SimulatorClient(simulator), socket, frames, closes, subscribe, of };
}

describe('sockets', () => {
  it('answers a subscription, then sends the last 30 trades, then every new one exactly once', () => {
    const { simulator, subscribe, frames, of } = prepare();
    subscribe({ type: 'trades', coin: 'BTC' });
    expect(frames[0]).toEqual({
      channel: 'subscriptionResponse',
      data: { method: 'subscribe', subscription: { type: 'trades', coin: 'BTC' } },
    });
    expect(frames[1].data).toHaveLength(30);
    simulator.advance(simulator.nowMs() + 5_000);
    const tids = of('trades').flatMap((frame) => frame.data.map((trade: { tid: number }) => trade.tid));
    expect(tids).toEqual([...new Set(tids)].sort((a, b) => a - b));
    expect(tids.length).toBeGreaterThan(40);
  });

  it("says in the venue's words what it does not take", () => {
    const { socket, subscribe, of, closes } = prepare();
    const book = { type: 'l2Book', coin: 'ETH' };
    const whole = JSON.stringify({ ...book, nSigFigs: null, mantissa: null, fast: false });
    const unreadable = '{"method":"subscribe","subscription":{"type":"webData2","user":"me"}}';
    subscribe(book);
    subscribe(book);
    subscribe({ type: 'candle', coin: 'NOPE', interval: '1d' });
    socket.onMessage('{"method":"unsubscribe","subscription":{"type":"trades","coin":"BTC"}}');
    socket.onMessage(unreadable);
    expect(of('error').map((frame) => frame.data)).toEqual([
      `Already subscribed: ${whole}`,
      'Invalid subscription {"type":"candle","interval":"1d","coin":"NOPE"}',
      'Already unsubscribed: {"type":"trades","coin":"BTC"}',
      `Error parsing JSON into valid websocket request: ${unreadable}`,
    ]);
    expect(closes).toEqual([]);
  });

  it.each([
    { type: 'l2Book', coin: 'NOPE' },
    { type: 'bbo', coin: 'NOPE' },
    { type: 'l2Book', coin: 'BTC', nSigFigs: 6 },
    { type: 'l2Book', coin: 'BTC', nSigFigs: 4, mantissa: 2 },
  ])('closes the socket without a word on %j', (subscription) => {
    const { subscribe, frames, closes } = prepare();
    subscribe(subscription);
    expect([frames, closes]).toEqual([[], [1006]]);
  });

  it('sends each form of a book to whom it was asked by', () => {
    const { simulator, subscribe, of } = prepare();
    subscribe({ type: 'l2Book', coin: 'BTC', nSigFigs: 4 });
    subscribe({ type: 'l2Book', coin: 'BTC', fast: true });
    simulator.advance(simulator.nowMs() + 2_000);
    const books = of('l2Book').map(({ data }) => [
      data.spread === undefined ? 'whole' : 'stepped',
      data.levels[0].length,
    ]);
    const kinds = new Set(books.map((book) => book.join(' ')));
    expect(kinds.has('whole 5')).toBe(true);
    expect([...kinds].filter((kind) => kind.startsWith('stepped')).length).toBeGreaterThan(0);
    expect(books.length).toBeGreaterThanOrEqual(6);
  });

  it('stops after unsubscribe', () => {
    const { simulator, subscribe, socket, of } = prepare();
    subscribe({ type: 'trades', coin: 'BTC' });
    socket.onMessage('{"method":"unsubscribe","subscription":{"type":"trades","coin":"BTC"}}');
    const before = of('trades').length;
    simulator.advance(simulator.nowMs() + 5_000);
    expect(of('trades')).toHaveLength(before);
  });

  it.each([
    [
      'bbo',
      { type: 'bbo', coin: 'xyz:CL' },
      { coin: 'xyz:CL', bbo: [{ px: expect.any(String) }, { n: expect.any(Number) }] },
    ],
    ['l2Book', { type: 'l2Book', coin: 'BTC' }, { coin: 'BTC', levels: [expect.any(Array), expect.any(Array)] }],
    ['allMids', { type: 'allMids' }, { mids: { BTC: expect.stringMatching(/^\d+\.\d+$/) } }],
    ['candle', { type: 'candle', coin: 'BTC', interval: '1m' }, { s: 'BTC', i: '1m', o: expect.any(String) }],
    ['candle', { type: 'candle', coin: 'BTC', interval: '1M' }, { s: 'BTC', i: '1M', t: Date.UTC(2023, 10) }],
    ['activeAssetCtx', { type: 'activeAssetCtx', coin: 'BTC' }, { coin: 'BTC', ctx: { markPx: expect.any(String) } }],
  ])('keeps sending %s', (channel, subscription, data) => {
    const { simulator, subscribe, of } = prepare();
    subscribe(subscription);
    simulator.advance(simulator.nowMs() + 5_000);
    expect(of(channel).length).toBeGreaterThan(3);
    expect(of(channel).at(-1).data).toMatchObject(data);
  });

  it('sends a snapshot of fills, then each fill, and order updates without a snapshot', () => {
    const { client, subscribe, of } = prepare();
    const px = String(Math.round(client.mid('BTC') * 1.02));
    client.order({ px, sz: '0.01' });
    subscribe({ type: 'userFills', user: MAIN });
    subscribe({ type: 'orderUpdates', user: MAIN });
    client.order({ px, sz: '0.02' });
    const fills = of('userFills').map(({ data }) => [data.isSnapshot ?? false, data.fills.length]);
    expect(fills).toEqual([
      [true, 1],
      [false, 1],
    ]);
    expect(of('orderUpdates').map(({ data }) => [data[0].status, data[0].order.origSz])).toEqual([['filled', '0.02']]);
  });

  it('tells a user of fills, funding, cancels that were not theirs and liquidation', () => {
    const { simulator, client, subscribe, of } = prepare();
    const px = String(Math.round(client.mid('BTC') * 1.02));
    // Keeps the socket from falling silent.
    subscribe({ type: 'bbo', coin: 'BTC' });
    subscribe({ type: 'userEvents', user: MAIN });
    subscribe({ type: 'userFundings', user: MAIN });
    client.order({ px, sz: '0.1' });
    client.order({ px: '90000', sz: '0.1', buy: false, tif: 'Gtc', reduceOnly: true });
    client.order({ px: String(Math.round(client.mid('BTC') * 0.98)), sz: '0.1', buy: false });
    client.order({ px, sz: '0.1' });
    simulator.advance(simulator.nowMs() + 3_600_000);
    const events = of('user').map(({ data }) => data);
    expect(events.filter((event) => event.fills)).toHaveLength(3);
    expect(events.filter((event) => event.nonUserCancel)).toMatchObject([{ nonUserCancel: [{ coin: 'BTC' }] }]);
    const payments = client.info({ type: 'userFunding', user: MAIN, startTime: 0 });
    const { type: _, ...delta } = payments[0].delta;
    const paid = { time: payments[0].time, ...delta };
    expect(paid.nSamples).toBeNull();
    expect(events.filter((event) => event.funding)).toEqual([{ funding: paid }]);
    expect(of('userFundings').map(({ data }) => data)).toEqual([
      { isSnapshot: true, user: MAIN, fundings: [] },
      { user: MAIN, fundings: [paid] },
    ]);
  });

  it('tells of a liquidation', () => {
    const { simulator, client, subscribe, of } = prepare();
    subscribe({ type: 'userEvents', user: MAIN });
    for (let i = 0; i < 10; i += 1) {
      simulator.advance();
      client.order({ asset: 2, px: (client.mid('SOL') * 1.02).toFixed(1), sz: '130' });
    }
    const take = simulator.source.take.bind(simulator.source);
    simulator.source.take = () => {
      const tick = take();
      const price = Number((tick.price * 0.8).toFixed(2));
      return simulator.world.markets[tick.market]?.spec.coin === 'SOL' ? { ...tick, price } : tick;
    };
    simulator.advance(simulator.nowMs() + 2_000);
    const told = of('user').filter(({ data }) => data.liquidation);
    expect(told).toMatchObject([{ data: { liquidation: { lid: expect.any(Number), liquidated_user: MAIN } } }]);
    expect(Number(told[0].data.liquidation.liquidated_ntl_pos)).toBeGreaterThan(50_000);
  });

  it('puts the fills of one instant together for who asked so', () => {
    const { client, subscribe, of } = prepare();
    subscribe({ type: 'userFills', user: MAIN, aggregateByTime: true });
    client.order({ px: String(Math.round(client.mid('BTC') * 1.02)), sz: '1.5' });
    expect(of('userFills').map(({ data }) => data.fills.map((fill: { sz: string }) => fill.sz))).toEqual([[], ['1.5']]);
  });

  it('answers what HTTP answers to a post, under its id', () => {
    const { simulator, client, socket, of } = prepare();
    const post = (id: number, type: string, payload: unknown) =>
      socket.onMessage(JSON.stringify({ method: 'post', id, request: { type, payload } }));
    post(1, 'info', { type: 'l2Book', coin: 'NOPE' });
    post(2, 'info', { type: 'meta' });
    post(3, 'action', JSON.parse(client.signed(orderAction({ px: '50000', sz: '0.01', tif: 'Gtc' }))));
    const strange = JSON.parse(client.signed({ type: 'noop' }, { signer: TEST_SIGNERS.stranger }));
    post(4, 'action', strange);
    simulator.installFaults([{ id: 'limited', kind: 'http-429' }]);
    post(5, 'info', { type: 'meta' });
    const answers = of('post').map(({ data }) => data);
    expect(answers).toMatchObject([
      { id: 1, response: { type: 'info', payload: { type: 'l2Book', data: null } } },
      { id: 2, response: { type: 'info', payload: { data: { universe: expect.any(Array) } } } },
      { id: 3, response: { type: 'action', payload: { status: 'ok', response: { type: 'order' } } } },
      { id: 4, response: { type: 'action', payload: { status: 'err', response: expect.any(String) } } },
      { id: 5, response: { type: 'error', payload: '429' } },
    ]);
  });

  it.each([
    '{"method":"post","request":{"type":"info","payload":{"type":"meta"}}}',
    '{"method":"post","id":2,"request":{"type":"info","payload":{"type":"bogus"}}}',
  ])('loses the id of a post that it cannot read (%#)', (text) => {
    const { socket, frames } = prepare();
    socket.onMessage(text);
    expect(frames).toEqual([{ channel: 'error', data: `Error parsing JSON into valid websocket request: ${text}` }]);
  });

  it('answers pings, and closes a socket to which it sent nothing for 60 s', () => {
    const { simulator, socket, frames, closes } = prepare();
    simulator.advance(simulator.nowMs() + 59_000);
    socket.onMessage('{"method":"ping"}');
    expect(frames).toEqual([{ channel: 'pong' }]);
    simulator.advance(simulator.nowMs() + 59_999);
    expect(closes).toEqual([]);
    simulator.advance(simulator.nowMs() + 1);
    expect(closes).toEqual([1006]);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"method":"subscribe"}',
    '{"method":"subscribe","subscription":7}',
    'x'.repeat(70_000),
  ])('survives nonsense (%#)', (text) => {
    const { socket, of, closes } = prepare();
    socket.onMessage(text);
    expect([of('error').length, closes.length]).toEqual([1, 0]);
  });
});
