import { describe, expect, it } from 'vitest';
import { PRICE_PRODUCER_DEFAULTS, type PriceProducerEnv } from '#containers/price-producer/env.ts';
import { createPriceProducer } from '#containers/price-producer/producer.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { hyperliquidTrades } from '#shared/adapters/exchange/hyperliquid/trades-protocol.ts';
import { TRADES_FEED_DEFAULTS, TradesFeed } from '#shared/adapters/exchange/wire/trades-feed.ts';
import { readFeedStatus } from '#shared/messages/feed-status.ts';
import { type MarketBundle, marketBundleSchema } from '#shared/messages/market-bundle.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import type { Product } from '#shared/ports/repositories/instruments-repository.ts';
import { fakeConnect, subscriptionResponse, tradesMessage } from '#test/support/fake-socket.ts';
import { anInstrument, aProduct } from '#test/support/instruments.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const NOW = 1_700_000_000_000;
const product = (coin: string, status: 'active' | 'delisted' = 'active'): Product =>
  aProduct(anInstrument(coin, { status }));

function setUp(change: Partial<PriceProducerEnv> = {}) {
  const clock = new VirtualClock(NOW);
  const net = fakeConnect();
  const telemetry = new RecordingTelemetry();
  const table = { products: [product('BTC'), product('GONE', 'delisted')], fails: false };
  const stream = { bundles: [] as MarketBundle[], said: [] as unknown[], fails: false };
  const random = () => 0.5;
  const feed = new TradesFeed(
    { clock, telemetry, random, connect: net.connect, protocol: hyperliquidTrades('hyperliquid') },
    { exchange: 'hyperliquid', url: 'ws://venue/ws', ...TRADES_FEED_DEFAULTS },
  );
  const producer = createPriceProducer(
    {
      clock,
      telemetry,
      random,
      feed,
      ids: { next: () => 'abc' },
      stream: {
        put: async (records: readonly StreamRecord[]) => {
          if (stream.fails) throw new Error('down');
          for (const { data, partitionKey } of records) {
            const status = readFeedStatus(data);
            if (status === null) stream.bundles.push(marketBundleSchema.parse(JSON.parse(data)));
            else stream.said.push([partitionKey, (status.atMs - NOW) / 1000, status.trouble?.code ?? null]);
          }
        },
      },
      instruments: {
        products: async () => {
          if (table.fails) throw new Error('locked');
          return table.products;
        },
      },
    },
    { exchange: 'hyperliquid', ...PRICE_PRODUCER_DEFAULTS, ...change },
  );
  const open = (...tids: number[]) => {
    net.last().open();
    net.last().deliver(subscriptionResponse('BTC'));
    net.last().deliver(tradesMessage(...tids.map((tid) => ({ tid, time: NOW + tid }))));
  };
  const items = () => stream.bundles.map((b) => [b.gap ?? false, ...b.items.map((i) => i.id)]);
  return { clock, net, telemetry, table, stream, feed, producer, open, items };
}

describe('price producer', () => {
  it('tells the stream why prices do not come: at once, while it lasts, and when they come again', async () => {
    const { clock, net, producer, stream, open } = setUp();
    await producer.start();
    net.last().open();
    net.last().deliver({ channel: 'error', data: 'Invalid subscription {"type":"trades","coin":"BTC"}' });
    await clock.advanceBy(36_000);
    stream.fails = true;
    await clock.advanceBy(30_000);
    stream.fails = false;
    await clock.advanceBy(4_000);
    open(1);
    await clock.advanceBy(60_000);
    await producer.stop();

    expect(stream.said).toEqual([
      ['hyperliquid', 5, 'refused'],
      ['hyperliquid', 35, 'refused'],
      ['hyperliquid', 70, 'refused'],
      ['hyperliquid', 75, null],
    ]);
  });

  it('says nothing of a connection that is back within seconds, and once that prices come', async () => {
    const { clock, net, producer, stream, open } = setUp();
    await producer.start();
    open(1);
    await clock.advanceBy(6_000);
    net.last().drop();
    await clock.advanceBy(8_000);
    open(2);
    await clock.advanceBy(30_000);
    await producer.stop();

    expect(stream.said).toEqual([['hyperliquid', 5, null]]);
  });

  it('publishes the trades of listed products, once each across a reconnection with overlap', async () => {
    const { clock, net, producer, open, items } = setUp();
    await producer.start();
    expect(net.last().url).toBe('ws://venue/ws');
    open(1, 2);
    net.last().deliver(tradesMessage({ tid: 2, time: NOW + 2 }, { tid: 3, time: NOW + 3 }));
    await clock.advanceBy(200);
    net.last().drop();
    await clock.advanceBy(1_000);
    open(2, 3, 4);
    await clock.advanceBy(200);

    expect(net.last().subscribed()).toEqual(['BTC']);
    expect(items()).toEqual([
      [true, '1', '2', '3'],
      [false, '4'],
    ]);
  });

  it('marks a hole when the backfill after a reconnection does not reach back far enough', async () => {
    const { clock, net, producer, open, items } = setUp({ flushIntervalMs: 0 });
    await producer.start();
    open(1, 2);
    net.last().drop();
    await clock.advanceBy(1_000);
    open(8, 9);
    await clock.advanceBy(0);
    expect(items()).toEqual([
      [true, '1', '2'],
      [true, '8', '9'],
    ]);
  });

  it('reads the products again by and by, and soon while it cannot', async () => {
    const { clock, net, producer, table, telemetry } = setUp();
    table.fails = true;
    await producer.start();
    expect(net.sockets).toHaveLength(0);
    expect(producer.health()).toMatchObject({ healthy: false, problems: ['no symbols to follow'] });
    table.fails = false;
    await clock.advanceBy(5_000);
    net.last().open();
    expect(net.last().subscribed()).toEqual(['BTC']);
    table.products = [product('BTC'), product('ETH')];
    await producer.reloadInstruments();
    expect(net.last().subscribed()).toEqual(['BTC', 'ETH']);
    expect(telemetry.logs[0]).toMatchObject({ level: 'error', event: 'producer.instruments-unreadable' });
  });

  it('is healthy by the age of its data and by a stream that takes it', async () => {
    const { clock, net, producer, open, stream } = setUp();
    await producer.start();
    expect(producer.health().problems).toEqual(['no prices yet']);
    open(1);
    await clock.advanceBy(1_000);
    expect(producer.health()).toMatchObject({ healthy: true, problems: [] });
    stream.fails = true;
    for (let tid = 100; tid < 103; tid += 1) {
      net.last().deliver(tradesMessage({ tid, time: clock.nowMs() }));
      await clock.advanceBy(25_000);
    }
    expect(producer.health().problems).toEqual([expect.stringMatching(/^the stream has refused records for \d+ ms$/)]);
    await clock.advanceBy(60_000);
    expect(producer.health().problems).toHaveLength(2);
  });

  it('counts and logs trades that it had to drop', async () => {
    const { producer, open, net, telemetry } = setUp({ flushIntervalMs: 0 });
    await producer.start();
    open(5);
    net.last().deliver(tradesMessage({ tid: 9, time: NOW + 3_600_000 }));
    expect(telemetry.counts.get('feed_ticks_total')).toBe(2);
    expect(telemetry.counts.get('feed_ticks_dropped_total')).toBe(1);
    expect(telemetry.logs.at(-1)).toMatchObject({
      event: 'input.dropped',
      fields: { future: 1, sample: { tradeId: '9' } },
    });
  });

  it('flushes when stopped, and then neither listens nor waits for anything', async () => {
    const { clock, net, producer, open, items } = setUp();
    await producer.start();
    open(1);
    const left = producer.stop();
    await clock.advanceBy(0);
    expect(await left).toBe(0);
    expect(items()).toEqual([[true, '1']]);
    expect(net.last().closed).toBe(true);
    expect(clock.nextTimerAtMs()).toBeNull();
  });
});
