import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InvocationResult } from '#local/emulators/invoker.ts';

export interface ApiDoorOptions {
  readonly host: string;
  readonly port: number;
  /** `host:port` values that a Host header may have, besides this door's own on loopback. */
  readonly names: readonly string[];
  readonly invoke: (event: unknown) => Promise<InvocationResult>;
  /** Prometheus text of this process. */
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
  readonly nowMs: () => number;
}

export interface ApiDoor {
  readonly port: number;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1_048_576;
/** Who IAM would have admitted; whoever reaches this door on the machine is taken for it. */
const CALLER = 'arn:aws:iam::000000000000:user/local';

interface UrlAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/**
 * A Function URL for the function `api`: HTTP in, payload 2.0 to the function, its answer out. IAM guards the real one; here the exact
 * Host does, which keeps out names that a page rebinds to loopback. `/-/metrics` are this process's own, `/-/health` says that it runs.
 */
export function openApiDoor(options: ApiDoorOptions): Promise<ApiDoor> {
  const server = createServer((request, response) => {
    answer(options, server.address() as AddressInfo, request, response).catch((error: unknown) => {
      if (!response.headersSent) respond(response, 500, { error: 'door', message: String(error) });
      else response.destroy();
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

async function answer(
  { names, invoke, metrics, nowMs }: ApiDoorOptions,
  { port }: AddressInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const host = request.headers.host?.toLowerCase() ?? '';
  const own = [`localhost:${port}`, `127.0.0.1:${port}`];
  if (![...own, ...names].includes(host)) {
    respond(response, 421, { error: 'wrong-host', message: 'this Host is not served here' });
    return;
  }
  const url = new URL(request.url ?? '/', `http://${host}`);
  if (url.pathname === '/-/health') {
    respond(response, 200, { status: 'ok' });
    return;
  }
  if (url.pathname === '/-/metrics') {
    const { text, contentType } = await metrics();
    response.writeHead(200, { 'content-type': contentType }).end(text);
    return;
  }
  const body = await bodyOf(request);
  if (body === null) {
    respond(response, 413, { error: 'too-large', message: `at most ${BODY_BYTES_MAX} bytes` });
    return;
  }
  const result = await invoke(eventOf(request, url, host, body, nowMs()));
  if (result.kind === 'failed') {
    // What a Function URL says of a function that failed.
    respond(response, 502, { error: 'function-failed', message: 'Internal Server Error' });
    return;
  }
  const { statusCode = 200, headers = {}, cookies = [], body: text = '', isBase64Encoded } = result.value as UrlAnswer;
  response.writeHead(statusCode, { ...headers, ...(cookies.length > 0 ? { 'set-cookie': [...cookies] } : {}) });
  response.end(isBase64Encoded ? Buffer.from(text, 'base64') : text);
}

/** Payload format 2.0. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
function eventOf(request: IncomingMessage, url: URL, host: string, body: Buffer, nowMs: number): unknown {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    ...(url.search === '' ? {} : { queryStringParameters: Object.fromEntries(url.searchParams) }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      authorizer: { iam: { userArn: CALLER } },
      domainName: host,
      http: { method: request.method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
      requestId: `${nowMs}`,
      routeKey: '$default',
      stage: '$default',
      timeEpoch: nowMs,
    },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

/** Null when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return bytes > BODY_BYTES_MAX ? null : Buffer.concat(chunks);
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
