import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { MAIN, SimulatorClient } from '#test/support/simulator-client.ts';

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

  it('refuses a second equal subscription and an unknown coin on the error channel', () => {
    const { subscribe, of } = prepare();
    subscribe({ type: 'bbo', coin: 'ETH' });
    subscribe({ type: 'bbo', coin: 'ETH' });
    subscribe({ type: 'bbo', coin: 'NOPE' });
    expect(of('error').map((frame) => frame.data.split(' ')[0])).toEqual(['Already', 'Invalid']);
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
