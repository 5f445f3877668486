import { describe, expect, it } from 'vitest';
import { PRICE_PRODUCER_DEFAULTS } from '#containers/price-producer/env.ts';
import { createPriceProducer } from '#containers/price-producer/producer.ts';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { seededIds, seededRandom } from '#local/virtual-time/seeded.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { hyperliquidTrades } from '#shared/adapters/exchange/hyperliquid/trades-protocol.ts';
import { TRADES_FEED_DEFAULTS, TradesFeed } from '#shared/adapters/exchange/wire/trades-feed.ts';
import { type MarketBundle, marketBundleSchema } from '#shared/messages/market-bundle.ts';
import { anInstrument, aProduct } from '#test/support/instruments.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { mortalSockets } from '#test/support/simulated-network.ts';

const START = 1_700_000_000_000;
const STEP_MS = 100;
const MINUTES = 8;
const at = (seconds: number) => START + seconds * 1_000;
const COINS = ['BTC', 'ETH', 'xyz:CL'];
const symbolOf = (coin: string) => `${coin.toUpperCase().replace(':', '-')}/USDC:USDC`;

/** Duplicates, disorder, a cut, a cut that lasts longer than the backfill reaches, and a socket that is open but mute. */
const FAULTS: readonly Fault[] = [
  { id: 'dup', kind: 'ws-duplicate', fromMs: at(20), toMs: at(60) },
  { id: 'reorder', kind: 'ws-reorder', fromMs: at(40), toMs: at(50) },
  { id: 'cut', kind: 'ws-disconnect', fromMs: at(90), toMs: at(91) },
  { id: 'long-cut', kind: 'ws-disconnect', fromMs: at(120), toMs: at(160) },
  { id: 'mute', kind: 'ws-mute', fromMs: at(240), toMs: at(310) },
];

async function story(seed: number) {
  const simulator = new ExchangeSimulator({
    mode: 'stepped',
    startMs: START,
    historyMinutes: 1,
    seed,
    ticksPerSecond: 20,
  });
  simulator.faults.install(FAULTS);
  const clock = new VirtualClock(START);
  const random = seededRandom(seed);
  const telemetry = new RecordingTelemetry();
  const bundles: MarketBundle[] = [];
  const { connect } = mortalSockets(simulator, clock, () => false);
  const feed = new TradesFeed(
    { clock, random, telemetry, connect, protocol: hyperliquidTrades('hyperliquid') },
    { exchange: 'hyperliquid', url: 'ws://simulator/ws', ...TRADES_FEED_DEFAULTS },
  );
  const producer = createPriceProducer(
    {
      clock,
      random,
      telemetry,
      feed,
      ids: seededIds(seed),
      stream: {
        put: async (records) => {
          bundles.push(...records.map((r) => marketBundleSchema.parse(JSON.parse(r.data))));
        },
      },
      instruments: {
        products: async () => COINS.map((coin) => aProduct(anInstrument(coin, { symbol: symbolOf(coin) }))),
      },
    },
    { exchange: 'hyperliquid', ...PRICE_PRODUCER_DEFAULTS, flushIntervalMs: 0 },
  );
  /** Every trade that the venue made, by symbol. */
  const made = new Map(COINS.map((coin) => [symbolOf(coin), new Map<string, number>()]));
  await producer.start();
  for (let now = START; now <= START + MINUTES * 60_000; now += STEP_MS) {
    await clock.advanceTo(now);
    simulator.advance(now);
    for (const coin of COINS) {
      for (const trade of simulator.world.byCoin.get(coin)!.tape)
        made.get(symbolOf(coin))!.set(`${trade.tid}`, trade.time);
    }
  }
  await clock.advanceBy(0);
  const counters = feed.counters();
  const health = producer.health();
  await producer.stop();
  simulator.close();
  return { bundles, made, counters, health };
}

describe('price producer on the exchange simulator', () => {
  it.each([1, 2, 3])(
    'publishes each trade once, in order, and tells every hole, under faults (seed %i)',
    async (seed) => {
      const { bundles, made, counters, health } = await story(seed);

      for (const [symbol, trades] of made) {
        const own = bundles.filter((b) => b.symbol === symbol);
        const items = own.flatMap((b) => b.items.map((item, i) => ({ ...item, gap: b.gap === true && i === 0 })));
        const times = items.map((i) => i.t);
        expect(new Set(items.map((i) => i.id)).size).toBe(items.length);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(items.every((i) => trades.get(i.id) === i.t)).toBe(true);
        const published = new Set(items.map((i) => i.id));
        const missing = [...trades].filter(([id, t]) => !published.has(id) && t > times[0]! && t < times.at(-1)!);
        for (const [, t] of missing) expect(items.some((i) => i.gap && i.t >= t)).toBe(true);
        // The long cut alone costs far more trades than a backfill brings back.
        expect(missing.length).toBeGreaterThan(30);
        const lastGapMs = items.findLast((i) => i.gap)!.t;
        expect(lastGapMs).toBeLessThan(at(420));
        expect(times.at(-1)).toBeGreaterThan(at(MINUTES * 60 - 10));
      }
      expect(counters.connectsOpened).toBeGreaterThanOrEqual(4);
      expect(counters.pingsSent).toBeGreaterThanOrEqual(1);
      expect(health.healthy).toBe(true);
    },
  );

  it('is the same story with the same seed', async () => {
    const [first, second] = [await story(7), await story(7)];
    expect(second.bundles).toEqual(first.bundles);
  });
});
