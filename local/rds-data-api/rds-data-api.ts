import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { DataApiFailure, invalid } from './data-api-failure.ts';
import { OPERATIONS } from './operations.ts';
import { type DatabaseUser, Sessions, type SessionsOptions } from './sessions.ts';

const REQUEST_BYTES_MAX = 4_194_304;
const STATEMENT_TIMEOUT_MS = 45_000;
const TRANSACTION_IDLE_MS = 180_000;
const TRANSACTION_AGE_MS = 86_400_000;

export interface RdsDataApiOptions {
  readonly server: SessionsOptions['server'];
  /** Who every secret stands for; or by secret ARN, or whoever finds him by it: other secrets are refused. */
  readonly users: DatabaseUser | Readonly<Record<string, DatabaseUser>> | SessionsOptions['userOf'];
  /** Any free one by default. */
  readonly port?: number;
  /** Address to listen on: 127.0.0.1. A container has no other way in than 0.0.0.0. */
  readonly host?: string;
  /** The only cluster that exists; any by default. */
  readonly resourceArn?: string;
  readonly clock?: Clock;
  readonly statementTimeoutMs?: number;
  readonly transactionIdleMs?: number;
  readonly transactionAgeMs?: number;
  /** What an update counts: rows found (default, as JDBC does) or rows changed. */
  readonly counts?: 'found' | 'changed';
}

/** The RDS Data API's wire protocol in front of a MySQL or MariaDB. */
export interface RdsDataApi {
  readonly url: string;
  readonly port: number;
  /** Calls answered so far, failures included. */
  readonly calls: () => number;
  /** The next `calls` calls find a database that is waking up. */
  resuming(calls: number): void;
  /** The next `calls` calls fail like this, before anything runs. */
  failing(calls: number, failure: { readonly status: number; readonly type: string; readonly message: string }): void;
  /** Takes back what `resuming` and `failing` still hold. */
  reset(): void;
  stop(): Promise<void>;
}

/** Starts it. Throws when the port is taken. The database is reached at the first call. */
export async function startRdsDataApi(options: RdsDataApiOptions): Promise<RdsDataApi> {
  const clock = options.clock ?? systemClock;
  const sessions = new Sessions({
    server: options.server,
    userOf: usersOf(options.users),
    clock,
    transactionIdleMs: options.transactionIdleMs ?? TRANSACTION_IDLE_MS,
    transactionAgeMs: options.transactionAgeMs ?? TRANSACTION_AGE_MS,
    countsFoundRows: options.counts !== 'changed',
  });
  const operations = {
    sessions,
    clock,
    statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    resourceArn: options.resourceArn ?? null,
  };
  const failures: DataApiFailure[] = [];
  let calls = 0;

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const operation = request.method === 'POST' ? OPERATIONS[request.url ?? ''] : undefined;
    const text = await bodyOf(request);
    if (!operation) throw new DataApiFailure(404, 'UnknownOperationException', 'There is no such operation.');
    // The signature is not checked, but an unsigned request would be refused.
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256')) {
      throw new DataApiFailure(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    }
    const failure = failures.shift();
    if (failure) throw failure;
    return operation(operations, parseJson(text));
  };

  const server = createServer((request, response) => {
    answer(request)
      .then(
        (body) => send(response, 200, body),
        (error) => sendFailure(response, error),
      )
      .finally(() => {
        calls += 1;
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const failing: RdsDataApi['failing'] = (count, { status, type, message }) => {
    for (let i = 0; i < count; i++) failures.push(new DataApiFailure(status, type, message));
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    calls: () => calls,
    failing,
    resuming: (count) => failing(count, RESUMING),
    reset: () => {
      failures.length = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await sessions.close();
    },
  };
}

const RESUMING = {
  status: 400,
  type: 'DatabaseResumingException',
  message:
    'The Aurora DB instance db-EMULATED is resuming after being auto-paused. Please wait a few seconds and try again.',
};

function usersOf(users: RdsDataApiOptions['users']): SessionsOptions['userOf'] {
  if (typeof users === 'function') return users;
  if (typeof users.user === 'string') return () => users as DatabaseUser;
  const bySecret = new Map(Object.entries(users as Readonly<Record<string, DatabaseUser>>));
  return (secretArn) => bySecret.get(secretArn) ?? null;
}

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= REQUEST_BYTES_MAX) chunks.push(chunk);
  }
  if (bytes > REQUEST_BYTES_MAX) {
    const message = `HTTP content length exceeded ${REQUEST_BYTES_MAX} bytes.`;
    throw new DataApiFailure(413, 'RequestEntityTooLargeException', message);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whole numbers that a double cannot hold become bigints, with all their digits. */
function parseJson(text: string): unknown {
  try {
    return (JSON.parse as ParseWithSource)(text, (_key, value, { source }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
        ? BigInt(source)
        : value,
    );
  } catch {
    throw invalid('The request is not JSON.');
  }
}

function send(response: ServerResponse, status: number, body: unknown, type?: string): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(type === undefined ? {} : { 'x-amzn-errortype': type }),
  });
  response.end(text);
}

function sendFailure(response: ServerResponse, error: unknown): void {
  const failure =
    error instanceof DataApiFailure
      ? error
      : new DataApiFailure(500, 'InternalServerErrorException', error instanceof Error ? error.message : String(error));
  send(response, failure.status, { message: failure.message, ...failure.members }, failure.type);
}
