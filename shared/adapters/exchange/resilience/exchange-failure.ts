import { AssertionError } from '#shared/core/assert.ts';
import { ExchangeError, type ExchangeErrorKind } from '#shared/ports/exchange.ts';

/** The venue said 429. `retryAfterMs` is its own wish, null when it named none. */
export class RateLimitedError extends ExchangeError {
  readonly retryAfterMs: number | null;
  constructor(message: string, retryAfterMs: number | null) {
    super('rate-limited', message, { retryable: true, mayHaveReachedVenue: true });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Our own budget said no: nothing left the machine, and the venue is not to blame. */
export class BudgetExhaustedError extends ExchangeError {
  readonly waitMs: number;
  constructor(message: string, waitMs: number) {
    super('rate-limited', message, { retryable: true, mayHaveReachedVenue: false });
    this.waitMs = waitMs;
  }
}

/** We closed the adapter while the call was under way, or before it began: nobody's fault. */
export class ConnectionClosedError extends ExchangeError {
  constructor(mayHaveReachedVenue: boolean) {
    super('network', 'the connection was closed by us', { retryable: false, mayHaveReachedVenue });
  }
}

/** An HTTP status that is not 2xx. */
export class HttpStatusError extends ExchangeError {
  readonly status: number;
  /** What the venue wrote beside it, cut short: some name the cause there. */
  readonly body: string;
  constructor(kind: ExchangeErrorKind, status: number, message: string, retryable: boolean, body = '') {
    super(kind, message, { retryable, mayHaveReachedVenue: true });
    this.status = status;
    this.body = body;
  }
}

/** Error classes of the network monitor and of the error counter. */
export type ErrorClass = 'timeout' | 'connection-refused' | 'network' | 'dns' | 'ssl' | 'rate-limit' | 'unknown';

const DNS_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL']);
const TIMEOUT_CODES = new Set(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** No connection was made, so no byte of the request left. */
const NOT_CONNECTED_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const SSL_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|HOSTNAME_MISMATCH|EPROTO)/;

/** The system's error code, wherever the layers of wrapping hid it. */
export function causeCode(error: unknown): string | null {
  let current: unknown = error;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth += 1) {
    const { code, cause, errors } = current as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return null;
}

/** What the platform's fetch throws as a `TypeError` that names no cause. */
const FETCH_WORDS: ReadonlySet<string> = new Set(['fetch failed', 'terminated']);

/** A mistake of ours, or of a library: the language's own errors, unless the system or the network is named as their cause. */
const isBug = (error: unknown): boolean =>
  (error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof AssertionError) &&
  error.cause === undefined &&
  causeCode(error) === null &&
  !FETCH_WORDS.has(error.message);

/**
 * Turns whatever a call threw into a typed error. An error of an unknown kind may have reached the venue; so may a bug, which can strike
 * while the answer is read.
 */
export function classifyFailure(error: unknown, what: string): ExchangeError {
  if (error instanceof ExchangeError) return error;
  if (isBug(error)) {
    const { name, message } = error as Error;
    const flags = { retryable: false, mayHaveReachedVenue: true };
    return new ExchangeError('bug', `${what}: ${name}: ${message}`.slice(0, 300), flags, { cause: error });
  }
  const code = causeCode(error);
  const text = `${what}: ${code ?? (error instanceof Error ? error.message : String(error))}`.slice(0, 300);
  const make = (kind: ExchangeErrorKind, mayHaveReachedVenue: boolean) =>
    new ExchangeError(kind, text, { retryable: true, mayHaveReachedVenue }, { cause: error });
  if (code !== null && DNS_CODES.has(code)) return make('dns', false);
  // A handshake that fails never carries a request; EPROTO may also strike later.
  if (code !== null && SSL_CODE.test(code)) return make('ssl', code === 'EPROTO');
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return make('timeout', false);
  if (code !== null && NOT_CONNECTED_CODES.has(code)) return make('network', false);
  if (code !== null && TIMEOUT_CODES.has(code)) return make('timeout', true);
  return make('network', true);
}

export function errorClassOf(error: ExchangeError): ErrorClass {
  switch (error.kind) {
    case 'timeout':
    case 'dns':
    case 'ssl':
      return error.kind;
    case 'rate-limited':
      return 'rate-limit';
    case 'network':
      return causeCode(error) === 'ECONNREFUSED' ? 'connection-refused' : 'network';
    default:
      return 'unknown';
  }
}

/** True when a failure says something about the venue's health, rather than about our request or our own limits. */
export const isVenueFailure = (error: unknown): boolean =>
  error instanceof ExchangeError &&
  !(error instanceof BudgetExhaustedError) &&
  !(error instanceof ConnectionClosedError) &&
  !['breaker-open', 'rejected', 'auth', 'configuration', 'key-refused', 'bug'].includes(error.kind);

/** The answer of a request that was sent did not come, or could not be read: the venue may have done what it was asked. */
export const isLostAnswer = (error: unknown): boolean =>
  error instanceof ExchangeError &&
  error.mayHaveReachedVenue &&
  ['timeout', 'network', 'ssl', 'malformed-reply'].includes(error.kind);

/** True when the venue answered, if only to refuse our request. */
export const isVenueAnswer = (error: unknown): boolean =>
  error instanceof ExchangeError && error.mayHaveReachedVenue && ['rejected', 'auth'].includes(error.kind);
