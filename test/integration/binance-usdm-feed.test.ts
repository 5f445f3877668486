import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BINANCE_USDM_FEED } from '#shared/adapters/exchange/binance-usdm/feed-protocols.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import { openFeed } from '#shared/adapters/exchange/wire/open-feed.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { TradeBatch } from '#shared/ports/price-feed.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { type SimulatorProcess, startSimulator } from './exchange-simulator/simulator-process.ts';

describe('the trades feed on the simulator as Binance USD-M', () => {
  let simulator: SimulatorProcess;
  beforeAll(async () => {
    simulator = await startSimulator('--protocol', 'binance-usdm');
  }, 60_000);
  afterAll(() => simulator?.kill('SIGTERM'));

  it('subscribes on the path of market streams and delivers trades of each symbol', async () => {
    const instruments = ['BTC', 'ETH'].map((base) => ({
      symbol: `${base}/USDT:USDT`,
      venueSymbol: `${base}USDT`,
      subAccount: null,
    }));
    const { httpUrl, wsUrl } = simulator;
    const feed = openFeed(
      'binance-usdm',
      BINANCE_USDM_FEED,
      { httpUrl, wsUrl: `${wsUrl}/market/ws`, proxies: { urlPrefixes: [], origin: null }, timeoutMs: 5_000 },
      {
        livenessMs: 60_000,
        pingAfterMs: 30_000,
        backoffMinMs: 100,
        backoffMaxMs: 1_000,
        pollIntervalMs: 1_000,
        pollBatchSize: 10,
      },
      { clock: systemClock, random: () => 0.5, telemetry: new RecordingTelemetry(), connect: connectWebSocket },
    );
    feed.setInstruments(instruments);
    const seen = new Set<string>();
    const all = new Promise<TradeBatch>((resolve) => {
      feed.start((batch) => {
        seen.add(batch.symbol);
        if (seen.size === 2) resolve(batch);
      });
    });
    const { ticks } = await all;
    expect(ticks[0]).toMatchObject({ exchange: 'binance-usdm', side: expect.stringMatching(/^(buy|sell)$/) });
    expect(feed.health()).toMatchObject({ connected: true, trouble: null });
    expect(feed.counters().drops).toEqual({});
    await feed.stop();
  }, 60_000);
});
