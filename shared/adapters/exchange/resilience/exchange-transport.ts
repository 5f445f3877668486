import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { classifyFailure, HttpStatusError, RateLimitedError } from './exchange-failure.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Every call of an exchange goes through it: the prefix is put before the whole address, `origin` is its header. */
export interface ExchangeProxy {
  readonly urlPrefix: string;
  readonly origin: string;
}

export interface TransportOptions {
  readonly fetch: Fetch;
  /** For the whole exchange of request and reply, body included. */
  readonly timeoutMs: number;
  readonly proxy: ExchangeProxy | null;
  readonly replyBytesMax?: number;
}

/** Posts JSON and gives the text of a 2xx reply; throws typed errors for everything else. */
export type ExchangeTransport = (url: string, body: string, headers?: Record<string, string>) => Promise<string>;

const REPLY_BYTES_MAX = 32 * 1024 * 1024;
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
  const limit = timeout(options.timeoutMs, TimeoutStrategy.Aggressive);
  const bytesMax = options.replyBytesMax ?? REPLY_BYTES_MAX;
  return async (url, body, headers = {}) => {
    const target = options.proxy === null ? url : `${options.proxy.urlPrefix}${url}`;
    const allHeaders = { 'content-type': 'application/json', ...headers };
    if (options.proxy !== null) Object.assign(allHeaders, { Origin: options.proxy.origin });
    try {
      return await limit.execute(async ({ signal }) => {
        const response = await options.fetch(target, {
          method: 'POST',
          headers: allHeaders,
          body,
          signal,
          // An exchange does not redirect; a signed order must not follow one.
          redirect: 'manual',
        });
        if (Number(response.headers.get('content-length') ?? 0) > bytesMax) throw tooLong(bytesMax);
        const text = await response.text();
        if (text.length > bytesMax) throw tooLong(bytesMax);
        if (response.status >= 200 && response.status < 300) return text;
        throw statusError(response.status, text, retryAfterMs(response.headers.get('retry-after'), nowMs()));
      });
    } catch (error) {
      if (error instanceof TaskCancelledError) {
        const message = `no answer within ${options.timeoutMs} ms`;
        throw new ExchangeError('timeout', message, { retryable: true, mayHaveReachedVenue: true });
      }
      throw classifyFailure(error, 'request failed');
    }
  };
}

const tooLong = (bytesMax: number): ExchangeError =>
  new ExchangeError('malformed-reply', `reply is longer than ${bytesMax} bytes`, {
    retryable: false,
    mayHaveReachedVenue: true,
  });

function statusError(status: number, text: string, waitMs: number | null): ExchangeError {
  const message = `HTTP ${status}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`;
  if (status === 429) return new RateLimitedError(message, waitMs);
  if (status === 401 || status === 403) return new HttpStatusError('auth', status, message, false);
  if (status >= 500 || status === 408) return new HttpStatusError('unavailable', status, message, true);
  if (status >= 400) return new HttpStatusError('rejected', status, message, false);
  return new HttpStatusError('malformed-reply', status, message, false);
}
