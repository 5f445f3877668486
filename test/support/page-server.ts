import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadPageAssets, PAGE_HEADERS } from '#local/page-assets.ts';
import { type PlatformSnapshot, platformSnapshotSchema } from '#shared/messages/platform-snapshot.ts';
import type { AlertView } from '#shared/ports/repositories/read-model.ts';
import { pageCandles, pageFills, pagePnl, pageWhy } from './page-samples.ts';

const CHANGES = new Set(['lock', 'unlock', 'adopt', 'release', 'flatten'].map((name) => `/api/${name}`));
export const PAGE_TOKEN = 'test-token-0123456789';

export interface PageServer {
  readonly url: string;
  /** What the page sees; `send` pushes it to every open page. */
  snapshot: PlatformSnapshot;
  /** What `GET /api/alerts` answers. */
  alerts: readonly AlertView[];
  /** Bodies of writing requests that carried the token. */
  readonly changes: { readonly path: string; readonly body: unknown }[];
  /** Bodies that did not. */
  readonly refused: string[];
  /** The next change is answered with this. */
  refuseNextWith: string | null;
  /** Paths asked for that do not exist. */
  readonly missing: string[];
  send(): void;
  /** Cuts every event stream and answers 503 until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** The page's files as the platform serves them, over an API whose answers a test decides. Loopback, any free port. */
export async function startPageServer(first: PlatformSnapshot): Promise<PageServer> {
  const assets = loadPageAssets({ projectDir: process.cwd(), token: PAGE_TOKEN, venue: 'simulator local' });
  const streams = new Set<ServerResponse>();
  let paused = false;

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { ...PAGE_HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const asset = assets.get(url.pathname);
    if (asset) {
      response.writeHead(200, { ...PAGE_HEADERS, 'content-type': asset.contentType }).end(asset.body);
    } else if (paused) {
      json(503, { error: { code: 'paused', message: 'paused' } });
    } else if (url.pathname === '/api/events') {
      if (request.headers['x-3t-token'] !== PAGE_TOKEN) {
        handle.refused.push(url.pathname);
        json(401, { error: { code: 'token-required', message: 'the token is missing' } });
        return;
      }
      response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/event-stream' });
      streams.add(response);
      request.on('close', () => streams.delete(response));
      response.write(eventOf(handle.snapshot));
    } else if (url.pathname === '/api/candles') {
      const query = Object.fromEntries(url.searchParams);
      const asked = { symbol: query.symbol ?? '', timeframe: query.timeframe ?? '1m', limit: Number(query.limit) };
      json(200, { ...asked, candles: pageCandles({ ...asked, nowMs: handle.snapshot.nowMs }) });
    } else if (url.pathname === '/api/trades') {
      json(200, { trades: pageFills(url.searchParams.get('symbol') ?? '', handle.snapshot.nowMs) });
    } else if (url.pathname === '/api/pnl') {
      json(200, pagePnl(handle.snapshot.nowMs));
    } else if (url.pathname.startsWith('/api/why/')) {
      json(200, pageWhy(decodeURIComponent(url.pathname.slice('/api/why/'.length)), handle.snapshot.nowMs));
    } else if (url.pathname === '/api/alerts') {
      json(200, { nowMs: handle.snapshot.nowMs, alerts: handle.alerts });
    } else if (CHANGES.has(url.pathname)) {
      let text = '';
      for await (const chunk of request) text += chunk;
      if (request.headers['x-3t-token'] !== PAGE_TOKEN) {
        handle.refused.push(text);
        json(403, { error: { code: 'forbidden', message: 'the token is missing' } });
        return;
      }
      if (handle.refuseNextWith !== null) {
        json(409, { error: { code: 'refused', message: handle.refuseNextWith } });
        handle.refuseNextWith = null;
        return;
      }
      handle.changes.push({ path: url.pathname, body: JSON.parse(text) });
      json(200, { changed: true, state: handle.snapshot.system });
    } else {
      handle.missing.push(url.pathname);
      json(404, { error: { code: 'not-found', message: 'no such path' } });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const handle: PageServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    snapshot: first,
    alerts: [],
    changes: [],
    refused: [],
    refuseNextWith: null,
    missing: [],
    send: () => {
      for (const stream of streams) stream.write(eventOf(handle.snapshot));
    },
    pause: () => {
      paused = true;
      for (const stream of streams) stream.end();
    },
    resume: () => {
      paused = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return handle;
}

/** Parsed first: a sample that the contract does not allow must not reach the page. */
const eventOf = (snapshot: PlatformSnapshot): string =>
  `event: snapshot\ndata: ${JSON.stringify(platformSnapshotSchema.parse(snapshot))}\n\n`;
