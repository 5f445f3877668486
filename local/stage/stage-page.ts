import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { eventPlaces, PAGE_HEADER } from '#functions/api/event-places.ts';
import { errorAnswer, HttpError } from '#functions/api/http-error.ts';
import { EVENTS_PATH, guard } from '#functions/api/security.ts';
import { type HttpServer, startHttpServer } from '#local/http-server.ts';
import { loadPageAssets } from '#local/page-assets.ts';
import { LAMBDA_API_ORIGIN } from '#shared/adapters/aws/lambda-http.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';

const EVENTS_INTERVAL_MS = 2_000;
const EVENT_CLIENTS_MAX = 5;
const FORWARDED = ['content-type', 'idempotency-key'] as const;
const BODY_BYTES_MAX = 65_536;

export interface StagePageOptions {
  /** The API of the stage: `createLambdaHttp`. */
  readonly api: FetchLike;
  readonly projectDir: string;
  readonly port: number;
  /** Of this start; every write needs it. */
  readonly token: string;
  /** Shown beside the exchange: kind and stage. */
  readonly venue: string;
}

/**
 * Mission Control of a deployed stage, on loopback: the page's files from here, everything else from the stage's own API with the
 * credentials of whoever runs this. Host, Origin and token are checked here as by the embedded platform. A function cannot keep
 * a stream of events open, so the snapshots of the page are asked for here.
 */
export async function startStagePage(options: StagePageOptions): Promise<HttpServer> {
  const { api, token, venue, projectDir } = options;
  const assets = loadPageAssets({ projectDir, token, venue });
  let port = options.port;
  const app = new Hono();
  const allowedHosts = () => [`127.0.0.1:${port}`, `localhost:${port}`];
  app.use('*', guard({ token, allowedHosts }, { ORIGIN_SCHEME: 'http' }));
  // Each asks the stage's function by itself.
  const places = eventPlaces(EVENT_CLIENTS_MAX);
  app.get(EVENTS_PATH, (c) => {
    const place = places.take(c.req.header(PAGE_HEADER));
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => place.leave());
      try {
        while (!place.signal.aborted) {
          const reply = await api(`${LAMBDA_API_ORIGIN}/api/status`).catch(() => null);
          if (reply?.ok) await stream.writeSSE({ event: 'snapshot', data: await reply.text() });
          await systemClock.sleep(EVENTS_INTERVAL_MS, place.signal).catch(() => {});
        }
      } finally {
        place.leave();
      }
    });
  });
  app.on(['GET', 'POST'], '/*', async (c, next) => {
    // The page's own files stand behind this in the list.
    if (assets.has(c.req.path)) return next();
    const url = new URL(c.req.url);
    const body = c.req.method === 'POST' ? await c.req.text() : null;
    if (body !== null && body.length > BODY_BYTES_MAX) return c.json({ error: { code: 'body-too-large' } }, 413);
    const headers = FORWARDED.flatMap((name) => {
      const value = c.req.header(name);
      return value === undefined ? [] : [[name, value] as [string, string]];
    });
    const init = { method: c.req.method, headers, ...(body === null ? {} : { body }) };
    try {
      return await api(`${LAMBDA_API_ORIGIN}${url.pathname}${url.search}`, init);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return c.json({ error: { code: 'stage-unreachable', message } }, 502);
    }
  });
  app.onError((error, c) =>
    errorAnswer(c, error instanceof HttpError ? error : new HttpError(500, 'internal', error.message)),
  );
  const server = await startHttpServer(app, assets, port);
  port = server.port;
  return server;
}
