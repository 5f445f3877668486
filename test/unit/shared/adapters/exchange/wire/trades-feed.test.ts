import { describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { hyperliquidTrades } from '#shared/adapters/exchange/hyperliquid/trades-protocol.ts';
import { TRADES_FEED_DEFAULTS, TradesFeed } from '#shared/adapters/exchange/wire/trades-feed.ts';
import type { FeedInstrument, TradeBatch } from '#shared/ports/price-feed.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { fakeConnect, subscriptionResponse, tradesMessage } from '#test/support/fake-socket.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const NOW = 1_700_000_000_000;
const BTC = { symbol: 'BTC/USDC:USDC', venueSymbol: 'BTC', subAccount: null };
const INTC = { symbol: 'XYZ-INTC/USDC:USDC', venueSymbol: 'xyz:INTC', subAccount: 'xyz' };

function setUp(instruments: readonly FeedInstrument[] = [BTC]) {
  const clock = new VirtualClock(NOW);
  const net = fakeConnect();
  const telemetry = new RecordingTelemetry();
  const random = { value: 0.5 };
  const feed = new TradesFeed(
    { clock, telemetry, connect: net.connect, random: () => random.value, protocol: hyperliquidTrades('hyperliquid') },
    { exchange: 'hyperliquid', url: 'ws://venue/ws', ...TRADES_FEED_DEFAULTS },
  );
  const batches: TradeBatch[] = [];
  feed.setInstruments(instruments);
  feed.start((batch) => batches.push(batch));
  let tid = 1;
  const trade = (coin = 'BTC') => net.last().deliver(tradesMessage({ coin, time: clock.nowMs(), tid: tid++ }));
  /** Opens the newest connection, answers its subscriptions and sends one trade of each coin. */
  const open = (coins = instruments.map((i) => i.venueSymbol)) => {
    net.last().open();
    for (const coin of coins) {
      net.last().deliver(subscriptionResponse(coin));
      trade(coin);
    }
  };
  return { clock, net, feed, batches, telemetry, random, trade, open };
}
const ping = { method: 'ping' };

describe('TradesFeed', () => {
  it('subscribes every symbol, HIP-3 included, and delivers every trade of a message', () => {
    const { net, batches } = setUp([INTC, BTC]);
    net.last().open();
    expect(net.last().url).toBe('ws://venue/ws');
    expect(net.last().subscribed()).toEqual(['BTC', 'xyz:INTC']);

    net.last().deliver(tradesMessage({ time: NOW, tid: 1 }, { time: NOW, tid: 2 }));
    net.last().deliver(tradesMessage({ time: NOW, tid: 3 }));
    net.last().deliver(tradesMessage({ coin: 'xyz:INTC', time: NOW, tid: 4 }));

    expect(batches.map((b) => [b.symbol, b.ticks.map((t) => t.tradeId), b.resumed])).toEqual([
      [BTC.symbol, ['1', '2'], true],
      [BTC.symbol, ['3'], false],
      [INTC.symbol, ['4'], true],
    ]);
  });

  it('pings after 30 s without data and reconnects after 60 s, though the socket answers pings', async () => {
    const { clock, net, open } = setUp();
    open();
    await clock.advanceBy(29_999);
    expect(net.last().sent).not.toContainEqual(ping);
    await clock.advanceBy(1);
    expect(net.last().sent.filter((m) => JSON.stringify(m) === JSON.stringify(ping))).toHaveLength(1);
    net.last().deliver({ channel: 'pong' });
    await clock.advanceBy(29_999);
    expect(net.sockets[0]!.closed).toBe(false);

    await clock.advanceBy(1);

    expect(net.sockets[0]!.closed).toBe(true);
    await clock.advanceBy(1_000);
    expect(net.sockets).toHaveLength(2);
  });

  it('counts why it connects again, and what it drops at the wall', async () => {
    const { clock, net, open, telemetry } = setUp();
    const reconnects = () => telemetry.labelled(metrics.feedReconnects);
    open();
    net.last().drop();
    expect(reconnects()).toEqual([{ exchange: 'hyperliquid', reason: 'closed' }]);
    await clock.advanceBy(1_000);
    open();
    await clock.advanceBy(61_000);
    expect(reconnects().at(-1)).toEqual({ exchange: 'hyperliquid', reason: 'silent' });
    await clock.advanceBy(11_500);
    expect(reconnects().at(-1)).toEqual({ exchange: 'hyperliquid', reason: 'not-connected' });

    await clock.advanceBy(2_500);
    net.last().open();
    net.last().deliver(tradesMessage({ coin: 'NONE', time: clock.nowMs(), tid: 1 }));
    expect(telemetry.labelled(metrics.inputsDropped)).toEqual([{ what: 'feed', code: 'unknown-coin' }]);
  });

  it('stays connected while data flows, and flags the first trades after a reconnection', async () => {
    const { clock, net, trade, open, batches } = setUp();
    open();
    for (let i = 0; i < 10; i += 1) {
      await clock.advanceBy(29_000);
      trade();
    }
    expect(net.sockets).toHaveLength(1);

    net.last().drop();
    await clock.advanceBy(1_000);
    open();

    expect(net.sockets).toHaveLength(2);
    expect(net.last().subscribed()).toEqual(['BTC']);
    expect(batches.at(-1)?.resumed).toBe(true);
    expect(batches.filter((b) => b.resumed)).toHaveLength(2);
  });

  it('backs off with full jitter from 1 s to 60 s, and starts again only after a minute of data', async () => {
    const { clock, net, random, open, trade } = setUp();
    random.value = 0.999999;
    const waits: number[] = [];
    const failOnce = async () => {
      const [count, from] = [net.sockets.length, clock.nowMs()];
      net.last().drop();
      while (net.sockets.length === count) await clock.advanceBy(1);
      waits.push(Math.round((clock.nowMs() - from + 1) / 1000));
    };
    for (let i = 0; i < 8; i += 1) await failOnce();
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);

    open();
    await clock.advanceBy(20_000);
    trade();
    await failOnce();
    expect(waits.at(-1)).toBe(60);

    open();
    for (let i = 0; i < 3; i += 1) {
      await clock.advanceBy(20_000);
      trade();
    }
    await failOnce();
    expect(waits.at(-1)).toBe(1);
  });

  it('gives up a connection that does not open, and one whose subscription is never answered', async () => {
    const { clock, net } = setUp();
    await clock.advanceBy(10_000);
    expect(net.sockets[0]!.closed).toBe(true);
    await clock.advanceBy(500);
    expect(net.sockets).toHaveLength(2);

    net.last().open();
    await clock.advanceBy(29_999);
    expect(net.last().subscribed()).toEqual(['BTC', 'BTC', 'BTC']);
    await clock.advanceBy(1);
    expect(net.sockets[1]!.closed).toBe(true);
  });

  it('asks again for one symbol that is silent while others flow, ever more rarely while it is merely quiet', async () => {
    const { clock, net, trade, open } = setUp([BTC, INTC]);
    open();
    const asked: number[] = [];
    for (let s = 10; s <= 1_000; s += 10) {
      await clock.advanceBy(10_000);
      trade('BTC');
      if (net.last().subscribed().length > asked.length + 2) {
        asked.push(s);
        net.last().deliver(subscriptionResponse('xyz:INTC'));
      }
    }
    expect(net.sockets).toHaveLength(1);
    expect(net.last().sent).toContainEqual({
      method: 'unsubscribe',
      subscription: { type: 'trades', coin: 'xyz:INTC' },
    });
    expect(asked.length).toBe(4);
    expect(asked[0]).toBeLessThanOrEqual(90);
  });

  it('tells over reconnections that a refusal is why no prices come, until they come', async () => {
    const { clock, net, feed, trade } = setUp();
    const refuse = () =>
      net.last().deliver({ channel: 'error', data: 'Invalid subscription {"type":"trades","coin":"BTC"}' });
    for (let connection = 1; connection <= 3; connection += 1) {
      net.last().open();
      refuse();
      await clock.advanceBy(60_000);
      expect(feed.health().trouble).toEqual({
        code: 'refused',
        message: 'Invalid subscription {"type":"trades","coin":"BTC"}',
        symbols: [],
        sinceMs: NOW,
      });
      const before = net.sockets.length;
      while (net.sockets.length === before) await clock.advanceBy(100);
    }
    net.last().open();
    trade();

    expect(feed.health().trouble).toBeNull();
  });

  it('tells an error of the venue that names no symbol as the cause of the silence after it', async () => {
    const { clock, net, feed, open } = setUp();
    net.last().open();
    net.last().deliver({ channel: 'error', data: 'Cannot track more than 10 total users.' });
    expect(feed.health().trouble).toBeNull();
    await clock.advanceBy(61_000);
    expect(feed.health().trouble).toMatchObject({ code: 'refused', message: 'Cannot track more than 10 total users.' });
    await clock.advanceBy(1_000);
    open();

    expect(feed.health().trouble).toBeNull();
    net.last().drop('closed with code 1006');
    expect(feed.health().trouble).toMatchObject({ code: 'closed', message: 'closed with code 1006', symbols: [] });
  });

  it('notices a refused subscription and asks again later', async () => {
    const { clock, net, feed, trade } = setUp([BTC, INTC]);
    net.last().open();
    net.last().deliver(subscriptionResponse('BTC'));
    net.last().deliver({
      channel: 'error',
      data: 'Invalid subscription {"type":"trades","coin":"xyz:INTC"}',
    });
    await clock.advanceBy(4_999);
    expect(net.last().subscribed()).toHaveLength(2);
    await clock.advanceBy(1);
    expect(net.last().subscribed()).toEqual(['BTC', 'xyz:INTC', 'xyz:INTC']);
    trade('BTC');
    expect(feed.counters().drops).toEqual({ 'venue-error': 1 });
    expect(feed.health().silentSymbols).toEqual([{ symbol: INTC.symbol, ageMs: null }]);
  });

  it('takes "Already subscribed" for an answer', async () => {
    const { clock, net, trade } = setUp();
    net.last().open();
    net.last().deliver({ channel: 'error', data: 'Already subscribed: {"type":"trades","coin":"BTC"}' });
    await clock.advanceBy(25_000);
    trade();
    await clock.advanceBy(25_000);
    expect(net.last().subscribed()).toEqual(['BTC']);
  });

  it('counts and samples bad frames, never fails, and flags the next trades of the symbol they named', () => {
    const { net, feed, batches, open, trade, telemetry } = setUp([BTC, INTC]);
    open();
    net.last().deliver(tradesMessage({ px: '0', time: NOW, tid: 100 }));
    net.last().deliver('not json');
    net.last().deliver(`{"channel":"trades","data":[${'x'.repeat(1_048_576)}`);
    net.last().deliver({ channel: 'surprise' });
    net.last().deliver(tradesMessage({ coin: 'DOGE', time: NOW, tid: 101 }));
    trade('BTC');
    trade('BTC');
    trade('xyz:INTC');

    expect(feed.counters()).toMatchObject({
      framesReceived: 12,
      tradesDelivered: 5,
      drops: { 'malformed-trade': 1, malformed: 1, oversized: 1, 'unexpected-channel': 1, 'unknown-coin': 1 },
    });
    expect(feed.dropSamples().every((s) => s.sample.length <= 200)).toBe(true);
    expect(batches.slice(2).map((b) => b.resumed)).toEqual([true, false, true]);
    expect(telemetry.logs.filter((l) => l.event === 'input.dropped')).toHaveLength(5);
  });

  it('keeps a bounded number of samples', () => {
    const { net, feed, open } = setUp();
    open();
    for (let i = 0; i < 100; i += 1) net.last().deliver(`bad ${i}`);
    expect(feed.dropSamples()).toHaveLength(20);
    expect(feed.dropSamples().at(-1)?.sample).toBe('bad 99');
  });

  it('subscribes and unsubscribes when the symbols change, and connects only once there are any', () => {
    const { net, feed, open, trade, batches } = setUp([]);
    expect(net.sockets).toHaveLength(0);
    feed.setInstruments([BTC]);
    open(['BTC']);
    feed.setInstruments([INTC]);
    trade('BTC');
    expect(net.last().sent).toEqual([
      { method: 'subscribe', subscription: { type: 'trades', coin: 'BTC' } },
      { method: 'unsubscribe', subscription: { type: 'trades', coin: 'BTC' } },
      { method: 'subscribe', subscription: { type: 'trades', coin: 'xyz:INTC' } },
    ]);
    expect(batches).toHaveLength(1);
    expect(net.sockets).toHaveLength(1);
  });

  it('subscribes no more symbols than the venue allows', () => {
    const many = Array.from({ length: 1_002 }, (_, i) => ({ symbol: `S${i}`, venueSymbol: `C${i}`, subAccount: null }));
    const { net, feed } = setUp(many);
    net.last().open();
    expect(net.last().subscribed()).toHaveLength(1_000);
    expect(feed.counters().drops).toEqual({ 'too-many-symbols': 1 });
  });

  it('reports the age of data', async () => {
    const { clock, feed, open } = setUp();
    expect(feed.health()).toMatchObject({ connected: false, dataAgeMs: null });
    open();
    await clock.advanceBy(5_000);
    expect(feed.health()).toMatchObject({ connected: true, dataAgeMs: 5_000, silentSymbols: [], failedAttempts: 0 });
  });

  it('calls nobody and sets no timer once stopped', async () => {
    const { clock, net, feed, batches, open } = setUp();
    open();
    const { onMessage } = net.last();
    await feed.stop();
    onMessage?.(JSON.stringify(tradesMessage({ time: NOW, tid: 9 })));
    expect(batches).toHaveLength(1);
    expect(net.last().closed).toBe(true);
    expect(clock.nextTimerAtMs()).toBeNull();
  });
});
