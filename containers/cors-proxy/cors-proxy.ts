import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { CorsProxyDeps } from './deps.ts';
import type { CorsProxyEnv } from './env.ts';

const PATHS = ['/info', '/exchange'];
const RETRY_AFTER_S = 1;
const REPLY_BYTES_MAX = 16_777_216;

/**
 * Forwards `POST /info` and `POST /exchange` to one venue for known origins, and nothing else: no other address, path or method, no
 * header of the caller but its content type, no redirect. The address may come with the path (`/https://venue/info`), as a prefix
 * proxy is asked; then it must be the venue's. `GET /health` says that it runs.
 */
export function createCorsProxy(deps: CorsProxyDeps, env: CorsProxyEnv): Server {
  let underWay = 0;
  return createServer((request, response) => {
    const origin = request.headers.origin;
    if (request.method === 'GET' && request.url === '/health') return refuse(response, 200, 'ok');
    if (origin === undefined || !env.ORIGINS.includes(origin)) return refuse(response, 403, 'origin not admitted');
    const path = pathOf(request.url ?? '/', env.VENUE_HTTP_URL);
    const cors = { 'access-control-allow-origin': origin, vary: 'origin' };
    if (path === null) return refuse(response, 404, 'not served here', cors);
    if (request.method === 'OPTIONS') {
      const allow = { 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'content-type' };
      response.writeHead(204, { ...cors, ...allow, 'access-control-max-age': '600' }).end();
      return;
    }
    if (request.method !== 'POST') return refuse(response, 405, 'only POST', cors);
    if (underWay >= env.BATCH_SIZE) {
      return refuse(response, 429, 'too many requests at once', { ...cors, 'retry-after': String(RETRY_AFTER_S) });
    }
    underWay += 1;
    forward(deps, env, path, request, response, cors)
      .catch(() => {
        // The venue's error, or the caller's hanging up: it may have got the request or not.
        if (!response.headersSent) refuse(response, 502, 'the venue did not answer', cors);
        else response.destroy();
      })
      .finally(() => {
        underWay -= 1;
      });
  });
}

/** The venue's path, or null. */
function pathOf(url: string, venueUrl: string): string | null {
  const own = url.startsWith(`/${venueUrl}/`) ? url.slice(venueUrl.length + 1) : url;
  return PATHS.includes(own) ? own : null;
}

async function forward(
  { fetch }: CorsProxyDeps,
  env: CorsProxyEnv,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  cors: Readonly<Record<string, string>>,
): Promise<void> {
  const body = await bounded(request, env.MAX_BODY_BYTES);
  if (body === null) return refuse(response, 413, `at most ${env.MAX_BODY_BYTES} bytes`, cors);
  const reply = await fetch(env.VENUE_HTTP_URL + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Uint8Array(body),
    redirect: 'error',
    signal: AbortSignal.timeout(env.TIMEOUT_MS),
  });
  const retryAfter = reply.headers.get('retry-after');
  const text = await bounded(reply.body ?? [], REPLY_BYTES_MAX);
  if (text === null) throw new Error('the reply is too large');
  response.writeHead(reply.status, {
    ...cors,
    'content-type': reply.headers.get('content-type') ?? 'application/json',
    ...(retryAfter === null ? {} : { 'retry-after': retryAfter, 'access-control-expose-headers': 'retry-after' }),
  });
  response.end(text);
}

/** Null when it is too large; read to its end all the same, so that the sender hears why. */
async function bounded(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, bytesMax: number) {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes <= bytesMax) kept.push(chunk);
  }
  return bytes > bytesMax ? null : Buffer.concat(kept);
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain' }).end(text);
}
