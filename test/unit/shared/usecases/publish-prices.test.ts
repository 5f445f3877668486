import { describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { type MarketBundle, marketBundleSchema } from '#shared/messages/market-bundle.ts';
import { StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';
import type { TradeBatch } from '#shared/ports/price-feed.ts';
import { PricePublisher, type PublishPricesOptions } from '#shared/usecases/publish-prices.ts';

const NOW = 1_700_000_000_000;
const BTC = 'BTC/USDC:USDC';
const ETH = 'ETH/USDC:USDC';

/** A stream that does what its script says, put by put, and succeeds after that. */
function setUp(options: Partial<PublishPricesOptions> = {}, script: ('ok' | 'busy' | 'refuse' | 'hang')[] = []) {
  const clock = new VirtualClock(NOW);
  const accepted: StreamRecord[] = [];
  const puts: StreamRecord[][] = [];
  let ids = 0;
  const publisher = new PricePublisher(
    {
      clock,
      ids: { next: () => `id-${ids++}` },
      random: () => 0.5,
      stream: {
        put: async (records) => {
          puts.push([...records]);
          const step = script.shift() ?? 'ok';
          if (step === 'busy') throw new StreamError('busy', 0, true);
          if (step === 'refuse') throw new StreamError('too large', 0, false);
          if (step === 'hang') await new Promise(() => {});
          accepted.push(...records);
        },
      },
    },
    {
      exchange: 'hyperliquid',
      flushIntervalMs: 200,
      flushTicks: 100,
      maxRecordsPerPut: 500,
      retryMinMs: 100,
      retryMaxMs: 10_000,
      sequence: {
        rememberedIds: 1000,
        maxPending: 250,
        maxAgeMs: 60_000,
        maxBackfillAgeMs: 3_600_000,
        maxFutureMs: 10_000,
      },
      ...options,
    },
  );
  const bundles = (): MarketBundle[] => accepted.map((r) => marketBundleSchema.parse(JSON.parse(r.data)));
  const items = () => bundles().map((b) => b.items.map((i) => i.id).join(','));
  return { clock, publisher, puts, accepted, bundles, items };
}

let nextId = 1;
const batch = (symbol: string, count: number, clock: VirtualClock, resumed = false): TradeBatch => ({
  symbol,
  resumed,
  receivedAtMs: clock.nowMs(),
  ticks: Array.from({ length: count }, () => ({
    exchange: 'hyperliquid',
    symbol,
    tradeId: String(nextId++),
    price: '1',
    size: '1',
    side: 'buy' as const,
    venueTimeMs: clock.nowMs(),
  })),
});

describe('PricePublisher', () => {
  it('gathers the trades of each symbol for the flush interval, one record a symbol', async () => {
    const { clock, publisher, puts, bundles } = setUp();
    publisher.ingest(batch(BTC, 2, clock, true));
    await clock.advanceBy(100);
    publisher.ingest(batch(ETH, 1, clock, true));
    publisher.ingest(batch(BTC, 1, clock));
    await clock.advanceBy(99);
    expect(puts).toHaveLength(0);

    await clock.advanceBy(1);

    expect(puts.map((records) => records.map((r) => r.partitionKey))).toEqual([
      [`hyperliquid:${BTC}`, `hyperliquid:${ETH}`],
    ]);
    expect(bundles()).toMatchObject([
      { symbol: BTC, gap: true, items: [{}, {}, {}], trace: { bornAtMs: NOW, correlationId: 'id-0' } },
      { symbol: ETH, gap: true, items: [{}], trace: { bornAtMs: NOW + 100 } },
    ]);
    expect(publisher.stats()).toMatchObject({ published: 4, bundles: 2, gaps: 2, waiting: 0 });
  });

  it('does not wait for the interval when a symbol has enough trades, or when the interval is 0', async () => {
    const full = setUp();
    full.publisher.ingest(batch(BTC, 100, full.clock));
    const immediate = setUp({ flushIntervalMs: 0 });
    immediate.publisher.ingest(batch(BTC, 1, immediate.clock));
    immediate.publisher.ingest(batch(BTC, 1, immediate.clock));
    await full.clock.advanceBy(0);
    await immediate.clock.advanceBy(0);
    expect(full.bundles()).toHaveLength(1);
    expect(immediate.items()).toHaveLength(2);
  });

  it('holds a key back until its record is accepted, and repeats with growing waits', async () => {
    const { clock, publisher, puts, bundles, items } = setUp({ flushIntervalMs: 0 }, ['busy', 'busy']);
    const first = batch(BTC, 1, clock, true);
    const second = batch(BTC, 1, clock);
    publisher.ingest(first);
    publisher.ingest(second);
    await clock.advanceBy(49);
    expect(puts).toHaveLength(1);
    expect(publisher.stats()).toMatchObject({ waiting: 2, failingSinceMs: NOW });
    await clock.advanceBy(1);
    expect(puts).toHaveLength(2);
    await clock.advanceBy(100);

    expect(items()).toEqual([first.ticks[0]!.tradeId, second.ticks[0]!.tradeId]);
    expect(bundles().map((b) => b.gap)).toEqual([true, undefined]);
    expect(publisher.stats()).toMatchObject({ waiting: 0, putFailures: 2, failingSinceMs: null });
  });

  it('drops the oldest with a gap, counted, when the stream is down for long', async () => {
    const script = Array.from({ length: 9 }, () => 'busy' as const);
    const { clock, publisher, bundles } = setUp({ flushIntervalMs: 0 }, script);
    publisher.ingest(batch(BTC, 1, clock, true));
    for (let i = 0; i < 60; i += 1) publisher.ingest(batch(BTC, 5, clock));
    expect(publisher.stats()).toMatchObject({ overflow: 50, waiting: 251 });

    await clock.advanceBy(120_000);

    expect(bundles().map((b) => [b.items.length, b.gap])).toEqual([
      [1, true],
      [250, true],
    ]);
  });

  it('loses only the record that the stream refuses for good, and says so with the next', async () => {
    const { clock, publisher, bundles } = setUp({}, ['refuse', 'refuse', 'ok']);
    publisher.ingest(batch(BTC, 1, clock, true));
    publisher.ingest(batch(ETH, 1, clock, true));
    await clock.advanceBy(200);
    publisher.ingest(batch(BTC, 1, clock));
    publisher.ingest(batch(ETH, 1, clock));
    await clock.advanceBy(200);

    expect(bundles().map((b) => [b.symbol, b.gap])).toEqual([
      [ETH, true],
      [BTC, true],
      [ETH, undefined],
    ]);
    expect(publisher.stats()).toMatchObject({ lost: 1, published: 3 });
  });

  it('publishes what is pending when stopped', async () => {
    const { clock, publisher, bundles } = setUp();
    publisher.ingest(batch(BTC, 3, clock));
    const left = publisher.stop(1000);
    await clock.advanceBy(0);
    expect(await left).toBe(0);
    expect(bundles()).toHaveLength(1);
  });

  it('gives up after the time to stop, and tells how many trades stay behind', async () => {
    const { clock, publisher } = setUp({}, ['hang']);
    publisher.ingest(batch(BTC, 3, clock));
    const left = publisher.stop(1000);
    await clock.advanceBy(1000);
    expect(await left).toBe(3);
  });
});
