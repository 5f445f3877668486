import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ExchangeSimulator } from '../exchange-simulator.ts';
import type { WireResponse } from '../wire/wire-protocol.ts';
import { answerControl } from './control-endpoint.ts';

const MAX_BODY_BYTES = 1_048_576;
const MAX_CONTROL_BYTES = 64 * 1_048_576;
const MAX_BUFFERED_BYTES = 32 * 1_048_576;

export interface RunningServer {
  readonly port: number;
  readonly httpUrl: string;
  readonly wsUrl: string;
  close(): Promise<void>;
}

/** The simulator behind real sockets, on loopback unless told otherwise. `onFatal` gets what must end the process (a full disk). */
export function startServer(
  simulator: ExchangeSimulator,
  options: {
    readonly port: number;
    /** A container has no other way in than 0.0.0.0. */
    readonly host?: string;
    readonly controlToken: string;
    readonly onFatal: (error: unknown) => void;
  },
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    readBody(request, (body) => {
      try {
        answer(simulator, options.controlToken, request, response, body);
      } catch (error) {
        request.socket.destroy();
        options.onFatal(error);
      }
    });
  });
  server.keepAliveTimeout = 60_000;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    if (!simulator.wire.acceptsSocket(pathOf(request))) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => attach(simulator, client, request, options.onFatal));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        port,
        httpUrl: `http://127.0.0.1:${port}`,
        wsUrl: `ws://127.0.0.1:${port}${simulator.wire.socketPath}`,
        close: () =>
          new Promise((done) => {
            for (const client of sockets.clients) client.terminate();
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] as string;
const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function readBody(request: IncomingMessage, done: (body: string | null) => void): void {
  const limit = pathOf(request).startsWith('/control/') ? MAX_CONTROL_BYTES : MAX_BODY_BYTES;
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
  });
  request.on('end', () => done(bytes > limit ? null : Buffer.concat(chunks).toString('utf8')));
  request.on('error', () => {});
}

function answer(
  simulator: ExchangeSimulator,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: string | null,
): void {
  const path = pathOf(request);
  const send = (status: number, text: string, headers: Readonly<Record<string, string>> = {}) => {
    if (response.destroyed) return;
    const length = Buffer.byteLength(text);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
    response.end(text);
  };
  if (body === null) send(413, 'null');
  else if (path.startsWith('/control/') && request.method !== 'POST') send(405, 'null');
  else if (path.startsWith('/control/')) {
    const result = answerControl(simulator, token, { path, body, token: header(request.headers['x-control-token']) });
    send(result.status, result.body);
  } else {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, header(value)] as const),
    );
    const { method = 'GET', url = '/' } = request;
    const query = url.split('?').slice(1).join('?');
    perform(simulator, simulator.handle({ method, path, query, body, headers }), request.socket, send);
  }
}

function perform(
  simulator: ExchangeSimulator,
  result: WireResponse,
  socket: Socket,
  send: (status: number, text: string, headers?: Readonly<Record<string, string>>) => void,
): void {
  const later = (delayMs: number, run: () => void) => (delayMs > 0 ? simulator.after(delayMs, run) : run());
  if (result.kind === 'answer') later(result.delayMs, () => send(result.status, result.body, result.headers));
  else if (result.resetAfterMs !== null) later(result.resetAfterMs, () => socket.resetAndDestroy());
}

function attach(
  simulator: ExchangeSimulator,
  client: WebSocket,
  request: IncomingMessage,
  onFatal: (error: unknown) => void,
): void {
  const guarded = (run: () => void) => {
    try {
      run();
    } catch (error) {
      client.terminate();
      onFatal(error);
    }
  };
  guarded(() => {
    const session = simulator.connect(
      {
        frame: (text) => {
          // A reader that does not read is cut off instead of filling our memory.
          if (client.bufferedAmount > MAX_BUFFERED_BYTES) client.terminate();
          else if (client.readyState === client.OPEN) client.send(text);
        },
        // 1006 is what the other side sees when a connection just breaks; it cannot be sent as a code.
        close: (code, reason) => (code === 1006 ? client.terminate() : client.close(code, reason)),
      },
      request.headers['user-agent'] ?? '',
      request.url ?? '/',
    );
    if (!session) return;
    client.on('message', (data, binary) => guarded(() => session.onMessage(binary ? '' : data.toString())));
    client.on('close', () => session.close());
    client.on('error', () => session.close());
  });
}
