import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import { ExchangeError, type ExchangeErrorKind } from '#shared/ports/exchange.ts';
import { ConnectionClosedError, classifyFailure, HttpStatusError, RateLimitedError } from './exchange-failure.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The prefix is put before the whole address; `origin` is the header that the proxy may want to see. */
export interface ExchangeProxy {
  readonly urlPrefix: string;
  readonly origin: string | null;
}

/** Proxies in turn: the next one is taken each time a breaker opens. */
export class ProxyRotation {
  readonly #proxies: readonly ExchangeProxy[];
  #index = 0;

  constructor(urlPrefixes: readonly string[], origin: string | null) {
    this.#proxies = urlPrefixes.map((prefix) => ({ urlPrefix: /[/=?]$/.test(prefix) ? prefix : `${prefix}/`, origin }));
  }

  /** Null when there are none: calls then go straight to the venue. */
  current(): ExchangeProxy | null {
    return this.#proxies[this.#index % this.#proxies.length] ?? null;
  }

  rotate(): void {
    this.#index += 1;
  }
}

export interface TransportOptions {
  readonly fetch: Fetch;
  /** For the whole exchange of request and reply, body included. */
  readonly timeoutMs: number;
  /** Asked for each call: every call goes through the proxy of the moment. */
  readonly proxy: () => ExchangeProxy | null;
  readonly replyBytesMax?: number;
  /** Told the headers of every reply, of a refusal too: some venues count there what we have used. */
  readonly onHeaders?: (headers: Headers) => void;
}

export interface ExchangeTransport {
  /**
   * Gives the text of a 2xx reply; throws typed errors for everything else. A `body` is JSON and posted unless `method` says otherwise;
   * without one (null) the request is what `method` says, and a GET by default.
   */
  (url: string, body: string | null, headers?: Record<string, string>, method?: HttpMethod): Promise<string>;
  /** Ends what is under way, as a lost answer; later calls fail without being sent. */
  close(): Promise<void>;
}

const REPLY_BYTES_MAX = 32 * 1024 * 1024;
const ERROR_CHARS_MAX = 2_000;
const RETRY_AFTER_MAX_MS = 3_600_000;

/** Seconds or an HTTP date, as milliseconds from `nowMs`; null when absent or nonsense. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(wait) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, Math.round(wait))) : null;
}

/** One connection pool per process: the platform's fetch keeps sockets alive and reuses them. */
export function createTransport(options: TransportOptions, nowMs: () => number): ExchangeTransport {
  // By default each call that went well is aborted as well when it is over, for the price of an exception.
  const limit = timeout(options.timeoutMs, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false });
  const bytesMax = options.replyBytesMax ?? REPLY_BYTES_MAX;
  const closing = new AbortController();
  const send = async (
    url: string,
    body: string | null,
    headers: Record<string, string> = {},
    method: HttpMethod = body === null ? 'GET' : 'POST',
  ): Promise<string> => {
    if (closing.signal.aborted) throw new ConnectionClosedError(false);
    const proxy = options.proxy();
    const target = proxy === null ? url : `${proxy.urlPrefix}${url}`;
    const origin = proxy?.origin == null ? {} : { Origin: proxy.origin };
    const type = body === null ? {} : { 'content-type': 'application/json' };
    const allHeaders = { ...type, ...lowerCased(headers), ...origin };
    try {
      return await limit.execute(async ({ signal }) => {
        const response = await options.fetch(target, {
          method,
          headers: allHeaders,
          ...(body === null ? {} : { body }),
          signal,
          // An exchange does not redirect; a signed order must not follow one.
          redirect: 'manual',
        });
        options.onHeaders?.(response.headers);
        if (Number(response.headers.get('content-length') ?? 0) > bytesMax) throw tooLong(bytesMax);
        const text = await response.text();
        if (text.length > bytesMax) throw tooLong(bytesMax);
        if (response.status >= 200 && response.status < 300) return text;
        throw statusError(response.status, text, retryAfterMs(response.headers.get('retry-after'), nowMs()));
      }, closing.signal);
    } catch (error) {
      if (closing.signal.aborted) throw new ConnectionClosedError(true);
      if (error instanceof TaskCancelledError) {
        const message = `no answer within ${options.timeoutMs} ms`;
        throw new ExchangeError('timeout', message, { retryable: true, mayHaveReachedVenue: true });
      }
      throw classifyFailure(error, 'request failed');
    }
  };
  return Object.assign(send, {
    async close() {
      closing.abort();
    },
  });
}

/** ccxt writes header names in its own case; two spellings of one name would be sent twice. */
const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const tooLong = (bytesMax: number): ExchangeError =>
  new ExchangeError('malformed-reply', `reply is longer than ${bytesMax} bytes`, {
    retryable: false,
    mayHaveReachedVenue: true,
  });

function statusError(status: number, text: string, waitMs: number | null): ExchangeError {
  const message = `HTTP ${status}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`;
  if (status === 429) return new RateLimitedError(message, waitMs);
  const make = (kind: ExchangeErrorKind, retryable: boolean) =>
    new HttpStatusError(kind, status, message, retryable, text.slice(0, ERROR_CHARS_MAX));
  if (status === 401 || status === 403) return make('auth', false);
  if (status >= 500 || status === 408) return make('unavailable', true);
  if (status >= 400) return make('rejected', false);
  return make('malformed-reply', false);
}
