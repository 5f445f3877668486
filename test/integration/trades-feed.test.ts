import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { hyperliquidTrades } from '#shared/adapters/exchange/hyperliquid/trades-protocol.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import { requestText } from '#shared/adapters/exchange/wire/request-text.ts';
import { TRADES_FEED_DEFAULTS, TradesFeed } from '#shared/adapters/exchange/wire/trades-feed.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { tradesMessage } from '#test/support/fake-socket.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const BTC = { symbol: 'BTC/USDC:USDC', venueSymbol: 'BTC', subAccount: null };
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server on loopback that hands over each connection with its first message. */
async function venue(onMessage: (socket: WebSocket, connection: number) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    const connection = connections;
    socket.once('message', () => onMessage(socket, connection));
  });
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function follow(url: string) {
  const feed = new TradesFeed(
    {
      clock: systemClock,
      telemetry: new RecordingTelemetry(),
      random: () => 0,
      connect: connectWebSocket,
      protocol: hyperliquidTrades('hyperliquid'),
    },
    { exchange: 'hyperliquid', url, ...TRADES_FEED_DEFAULTS },
  );
  closers.push(() => feed.stop());
  const ids: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  feed.setInstruments([BTC]);
  feed.start((batch) => {
    ids.push(...batch.ticks.map((t) => t.tradeId));
    for (const w of waiting) if (ids.length >= w.count) w.resolve();
  });
  const trades = (count: number) =>
    new Promise<void>((resolve) => (ids.length >= count ? resolve() : waiting.push({ count, resolve })));
  return { feed, ids, trades };
}

describe('TradesFeed over a real socket', () => {
  it('reads frames, survives one that is too large, and comes back after a cut', async () => {
    const url = await venue((socket, connection) => {
      socket.send(JSON.stringify(tradesMessage({ tid: connection, time: Date.now() })));
      if (connection > 1) return;
      socket.send('x'.repeat(1_100_000));
      socket.send(JSON.stringify(tradesMessage({ tid: 100, time: Date.now() })), () => socket.terminate());
    });
    const { feed, ids, trades } = follow(url);
    await trades(3);
    expect(ids).toEqual(['1', '100', '2']);
    expect(feed.counters()).toMatchObject({ connectsOpened: 2, drops: { oversized: 1 } });
  });

  it('comes back after a frame that the socket itself refuses', async () => {
    const url = await venue((socket, connection) => {
      if (connection === 1) socket.send('x'.repeat(5_000_000));
      else socket.send(JSON.stringify(tradesMessage({ tid: connection, time: Date.now() })));
    });
    const { ids, trades } = follow(url);
    await trades(1);
    expect(ids).toEqual(['2']);
  });

  it('stops while it is still connecting, without an error', async () => {
    const silent = createServer();
    await listen(silent);
    silent.on('upgrade', () => {});
    const { feed } = follow(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await feed.stop();
    expect(feed.health().connected).toBe(false);
  });
});

async function listen(server: Server): Promise<void> {
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

describe('requestText', () => {
  it('posts JSON with the origin, or gets without a body, and reads status, wish and text; refuses a reply without end', async () => {
    const seen: { method: string | undefined; origin: string | undefined; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen.push({ method: request.method, origin: request.headers.origin, body });
        if (request.url === '/large') {
          response.end(Buffer.alloc(5_000_000, 'x'));
          return;
        }
        response.writeHead(429, { 'retry-after': '7' }).end('slow down');
      });
    });
    await listen(server);
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = requestText(systemClock);

    const reply = await ask(`${base}/info`, '{"type":"allMids"}', { origin: 'https://desk.example' }, 5_000);

    expect(reply).toEqual({ status: 429, retryAfterMs: 7_000, text: 'slow down' });
    const got = await ask(`${base}/price`, null, {}, 5_000);

    expect(got.status).toBe(429);
    expect(seen).toEqual([
      { method: 'POST', origin: 'https://desk.example', body: '{"type":"allMids"}' },
      { method: 'GET', origin: undefined, body: '' },
    ]);
    await expect(ask(`${base}/large`, '{}', {}, 5_000)).rejects.toThrow('4194304');
  });

  it('gives up after its time', async () => {
    const server = createServer(() => {});
    await listen(server);
    const ask = requestText(systemClock);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(ask(url, '{}', {}, 20)).rejects.toThrow('no reply within 20 ms');
  });
});
