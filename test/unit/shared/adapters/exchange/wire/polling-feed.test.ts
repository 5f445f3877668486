import { describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { hyperliquidMids } from '#shared/adapters/exchange/hyperliquid/polling-protocol.ts';
import { PollingFeed, type PollingFeedOptions } from '#shared/adapters/exchange/wire/polling-feed.ts';
import type { TextReply } from '#shared/adapters/exchange/wire/request-text.ts';
import type { TradeBatch } from '#shared/ports/price-feed.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const NOW = 1_700_000_000_000;
const BTC = { symbol: 'BTC/USDC:USDC', venueSymbol: 'BTC', subAccount: null };
const INTC = { symbol: 'XYZ-INTC/USDC:USDC', venueSymbol: 'xyz:INTC', subAccount: 'xyz' };
const ABC = { symbol: 'ABC-GOLD/USDC:USDC', venueSymbol: 'abc:GOLD', subAccount: 'abc' };
const ok = (mids: unknown): TextReply => ({ status: 200, retryAfterMs: null, text: JSON.stringify(mids) });
const tooMany: TextReply = { status: 429, retryAfterMs: null, text: '' };

function setUp(answer: (dex: string, call: number) => TextReply | Error, options: Partial<PollingFeedOptions> = {}) {
  const clock = new VirtualClock(NOW);
  const calls: { url: string; dex: string; headers: Readonly<Record<string, string>>; atMs: number }[] = [];
  const feed = new PollingFeed(
    {
      clock,
      random: () => 0.5,
      telemetry: new RecordingTelemetry(),
      protocol: hyperliquidMids,
      request: async (url, body, headers) => {
        const request = JSON.parse(body ?? '') as { type: string; dex?: string };
        expect(request.type).toBe('allMids');
        calls.push({ url, dex: request.dex ?? '', headers, atMs: clock.nowMs() - NOW });
        const reply = answer(request.dex ?? '', calls.length);
        if (reply instanceof Error) throw reply;
        return reply;
      },
    },
    {
      exchange: 'hyperliquid',
      baseUrls: ['http://proxy-1', 'http://proxy-2'],
      origin: 'https://desk.example',
      pollIntervalMs: 1_000,
      pollBatchSize: 10,
      timeoutMs: 5_000,
      livenessMs: 60_000,
      backoffMinMs: 2_000,
      backoffMaxMs: 60_000,
      ...options,
    },
  );
  const batches: TradeBatch[] = [];
  feed.setInstruments([INTC, BTC]);
  const start = () => feed.start((batch) => batches.push(batch));
  return { clock, feed, calls, batches, start };
}
const prices = (dex: string) => ok(dex === '' ? { BTC: '100.5', DOGE: '1' } : { 'xyz:INTC': '20', 'abc:GOLD': '7' });

describe('PollingFeed', () => {
  it('asks the native and each HIP-3 dex once an interval, through the proxy and with the origin', async () => {
    const { clock, calls, batches, start, feed } = setUp(prices);
    start();
    await clock.advanceBy(2_500);
    expect(calls.map((c) => [c.url, c.dex, c.atMs])).toEqual(
      [0, 1_000, 2_000].flatMap((at) => [
        ['http://proxy-1/info', '', at],
        ['http://proxy-1/info', 'xyz', at],
      ]),
    );
    expect(calls[0]?.headers).toEqual({ origin: 'https://desk.example' });
    expect(batches).toHaveLength(6);
    expect(batches[0]).toEqual({
      symbol: BTC.symbol,
      resumed: true,
      receivedAtMs: NOW,
      ticks: [
        {
          exchange: 'hyperliquid',
          symbol: BTC.symbol,
          tradeId: `poll:${BTC.symbol}:${NOW}`,
          price: '100.5',
          size: '0',
          side: 'buy',
          venueTimeMs: NOW,
        },
      ],
    });
    expect(batches.map((b) => b.resumed)).toEqual([true, true, false, false, false, false]);
    expect(feed.counters()).toMatchObject({ framesReceived: 6, tradesDelivered: 6 });
  });

  it('sends no origin when none is configured', async () => {
    const { clock, calls, start } = setUp(prices, { origin: null });
    start();
    await clock.advanceBy(0);
    expect(calls[0]?.headers).toEqual({});
  });

  it('makes no more requests in a round than the batch size, the dexes taking turns', async () => {
    const { clock, calls, feed, start } = setUp(prices, { pollBatchSize: 2 });
    feed.setInstruments([BTC, INTC, ABC]);
    start();
    await clock.advanceBy(2_500);
    expect(calls.map((c) => c.dex)).toEqual(['', 'abc', 'xyz', '', 'abc', 'xyz']);
  });

  it('backs off from a rate limit ever longer, heeds Retry-After, and recovers', async () => {
    const { clock, calls, start, feed } = setUp((dex, call) =>
      call <= 4 ? tooMany : call === 5 ? { ...tooMany, retryAfterMs: 100_000 } : prices(dex),
    );
    start();
    await clock.advanceBy(200_000);
    const waits = calls.slice(0, 6).map((c, i) => c.atMs - (calls[i - 1]?.atMs ?? 0));
    expect(waits).toEqual([0, 1_500, 3_000, 6_000, 12_000, 100_000]);
    expect(new Set(calls.slice(0, 5).map((c) => c.url)).size).toBe(2);
    expect(feed.counters().drops).toEqual({ 'rate-limited': 5 });
    expect(calls[8]!.atMs - calls[6]!.atMs).toBe(1_000);
    expect(feed.health()).toMatchObject({ connected: true, failedAttempts: 0 });
  });

  it('goes on with the other dexes when one fails', async () => {
    const { clock, calls, batches, start, feed } = setUp((dex) => (dex === 'xyz' ? new Error('refused') : prices(dex)));
    start();
    await clock.advanceBy(3_500);
    expect(calls).toHaveLength(8);
    expect(new Set(batches.map((b) => b.symbol))).toEqual(new Set([BTC.symbol]));
    expect(feed.health().silentSymbols).toEqual([{ symbol: INTC.symbol, ageMs: null }]);
  });

  it('says that prices were missed after a pause', async () => {
    const { clock, batches, start } = setUp((dex, call) => (call > 2 && call < 15 ? new Error('down') : prices(dex)));
    start();
    await clock.advanceBy(150_000);
    expect(batches.slice(0, 6).map((b) => b.resumed)).toEqual([true, true, true, true, false, false]);
  });

  it('drops what is no price, counted', async () => {
    const answers = [
      ok({ BTC: '0' }),
      ok({ BTC: 5 }),
      ok({}),
      ok([1]),
      { ...ok({}), text: '<html>' },
      ok({ BTC: '-1' }),
    ];
    const { clock, batches, start, feed } = setUp((_dex, call) => answers[call - 1] ?? ok({ BTC: '100' }));
    feed.setInstruments([BTC]);
    start();
    await clock.advanceBy(30_000);
    expect(feed.counters().drops).toEqual({ 'malformed-price': 3, 'no-price': 1, 'poll-failed': 2 });
    expect(batches[0]?.ticks[0]?.price).toBe('100');
  });

  it('asks nobody without symbols, nor once stopped', async () => {
    const { clock, calls, feed, start } = setUp(prices);
    feed.setInstruments([]);
    start();
    await clock.advanceBy(5_000);
    expect(calls).toEqual([]);
    await feed.stop();
    expect(clock.nextTimerAtMs()).toBeNull();
  });
});
