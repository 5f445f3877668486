import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createCorsProxy } from '#containers/cors-proxy/cors-proxy.ts';
import { corsProxyEnvSchema } from '#containers/cors-proxy/env.ts';
import { hyperliquidMids } from '#shared/adapters/exchange/hyperliquid/polling-protocol.ts';
import { PollingFeed } from '#shared/adapters/exchange/wire/polling-feed.ts';
import { requestText } from '#shared/adapters/exchange/wire/request-text.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import type { TradeBatch } from '#shared/ports/price-feed.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const ORIGIN = 'https://3t.example';
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(server: Server): Promise<string> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Seen = { path: string; headers: Record<string, unknown>; body: string };

async function setUp(over: Record<string, string> = {}, hold: Promise<void> = Promise.resolve()) {
  const seen: Seen[] = [];
  const venueUrl = await listen(
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      seen.push({ path: request.url!, headers: request.headers, body });
      await hold;
      if (body === 'redirect') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      else if (body === 'limit') response.writeHead(429, { 'retry-after': '7' }).end('slow down');
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"BTC":"64000.5"}');
    }),
  );
  const env = readEnvironment(corsProxyEnvSchema, { VENUE_HTTP_URL: venueUrl, ORIGINS: ORIGIN, ...over });
  const proxyUrl = await listen(createCorsProxy({ fetch }, env));
  const post = (path: string, body = '{}', headers: Record<string, string> = { origin: ORIGIN }) =>
    fetch(proxyUrl + path, { method: 'POST', body, headers });
  return { venueUrl, proxyUrl, seen, post };
}

describe('cors-proxy', () => {
  it('forwards info and exchange, plain or after the address, without the headers of the caller', async () => {
    const { post, seen, venueUrl } = await setUp();
    const headers = { origin: ORIGIN, cookie: 'a=b', authorization: 'Bearer x', 'x-forwarded-for': '1.2.3.4' };
    const reply = await post('/info', '{"type":"allMids"}', headers);
    expect(await reply.json()).toEqual({ BTC: '64000.5' });
    expect(reply.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect((await post(`/${venueUrl}/exchange`)).status).toBe(200);
    expect(seen.map((s) => s.path)).toEqual(['/info', '/exchange']);
    expect(seen[0]!.body).toBe('{"type":"allMids"}');
    for (const name of ['cookie', 'authorization', 'x-forwarded-for', 'origin']) {
      expect(seen[0]!.headers[name]).toBeUndefined();
    }
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['no origin', '/info', {}, 403],
    ['another origin', '/info', { origin: 'https://evil.example' }, 403],
    ['an origin that only begins the same', '/info', { origin: `${ORIGIN}.evil.example` }, 403],
    ['another path', '/admin', { origin: ORIGIN }, 404],
    ['another address', '/http://127.0.0.1:1/info', { origin: ORIGIN }, 404],
    ['a path with a query', '/info?x=1', { origin: ORIGIN }, 404],
  ])('refuses %s', async (_what, path, headers, status) => {
    const { post, seen } = await setUp();
    expect((await post(path, '{}', headers)).status).toBe(status);
    expect(seen).toEqual([]);
  });

  it('refuses what is too large, and follows no redirect', async () => {
    const { post } = await setUp({ MAX_BODY_BYTES: '1024' });
    expect((await post('/info', 'x'.repeat(2000))).status).toBe(413);
    expect((await post('/info', 'redirect')).status).toBe(502);
  });

  it('tells more than a batch to come later, and passes on that the venue does', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { post, seen } = await setUp({ BATCH_SIZE: '1' }, held);
    const first = post('/info', 'limit');
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await post('/info');
    release();
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
    expect([(await first).status, (await first).headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('answers a browser that asks first', async () => {
    const { proxyUrl } = await setUp();
    const reply = await fetch(`${proxyUrl}/info`, { method: 'OPTIONS', headers: { origin: ORIGIN } });
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-methods')).toBe('POST');
  });

  it('carries the prices that the producer polls', async () => {
    const { proxyUrl, venueUrl } = await setUp();
    const telemetry = new RecordingTelemetry();
    const feed = new PollingFeed(
      { clock: systemClock, random: () => 0, telemetry, request: requestText(systemClock), protocol: hyperliquidMids },
      {
        exchange: 'hyperliquid',
        baseUrls: [`${proxyUrl}/${venueUrl}`],
        origin: ORIGIN,
        pollIntervalMs: 60_000,
        pollBatchSize: 5,
        timeoutMs: 2_000,
        livenessMs: 60_000,
        backoffMinMs: 100,
        backoffMaxMs: 1_000,
      },
    );
    feed.setInstruments([{ symbol: 'BTC/USDC:USDC', venueSymbol: 'BTC', subAccount: null } as never]);
    const batch = await new Promise<TradeBatch>((resolve) => feed.start(resolve));
    await feed.stop();
    expect(batch.ticks.map((t) => t.price)).toEqual(['64000.5']);
  });
});
