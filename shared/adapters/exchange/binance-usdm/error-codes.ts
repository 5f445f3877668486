import type { RejectionCode } from '#shared/core/orders/refusal-codes.ts';
import { KEY_REFUSED } from '#shared/core/system/trading-key.ts';
import { ExchangeError, type ExchangeErrorKind, type SubmitOutcome } from '#shared/ports/exchange.ts';
import { BudgetExhaustedError, HttpStatusError, RateLimitedError } from '../resilience/exchange-failure.ts';

const KEY_CODES = [-1002, -1022, -2014, -2015];
/** Order limit a window; weight a minute, or a ban. */
const LIMIT_CODES = [-1003, -1015];
const CLOCK_CODE = -1021;
const DUPLICATE = /duplicate/i;

const codes = (code: RejectionCode, ...numbers: readonly number[]) => numbers.map((n) => [n, code] as const);

/**
 * Documented codes after which there is surely no order: https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
 * and docs/venues/binance-usdm.md, "Errors". By code, since texts vary. Any other code proves only that the venue has seen the request,
 * and what became of the order is asked: -4116 (id exists) and -1000, -1001, -1006, -1007 among them.
 */
const REJECTED: ReadonlyMap<number, RejectionCode> = new Map([
  ...codes(KEY_REFUSED, ...KEY_CODES),
  ...codes('expired', CLOCK_CODE, -5028),
  ...codes('rate-limited', -1015),
  ...codes('venue-closed', -1008),
  ...codes('insufficient-margin', -2018, -2019),
  ...codes('reduce-only-would-increase', -2022, -2024, -4118),
  ...codes('trigger-price', -2021),
  ...codes('too-many-open-orders', -2025, -4045),
  ...codes('margin-tier', -2027, -2028),
  ...codes('tick-size', -4001, -4002, -4013, -4014),
  ...codes('lot-size', -4003, -4004, -4005, -4023),
  ...codes('off-grid', -1111),
  ...codes('price-too-far', -4016, -4024, -4131),
  // Position side or reduce-only against the account's position mode: the account is not the one that was checked.
  ...codes('configuration', -4060, -4061, -4062),
  ...codes('not-tradable', -1121, -1122, -2023, -4087, -4088, -4105, -4106, -4107, -4109, -4140, -4141, -4189, -4192),
  ...codes('not-tradable', -4400, -4401, -4402),
  ...codes('min-notional', -4164),
  ...codes('ioc-no-match', -5021),
  ...codes('post-only-would-match', -5022),
  // Malformed requests: a fault of ours.
  ...codes('http-400', -1100, -1101, -1102, -1103, -1104, -1105, -1106, -1108, -1109, -1110, -1112, -1114, -1115),
  ...codes('http-400', -1116, -1117, -1118, -1119, -1120, -1130, -2010, -2020, -2026, -4015, -4120),
  ...codes('http-400', -5037, -5038, -5039, -5040, -5041),
]);

/** The venue's own code of a failed request; null where it gave none. */
export function venueCode(error: unknown): number | null {
  const match = error instanceof HttpStatusError ? /^\s*\{\s*"code"\s*:\s*(-?\d{1,6})\s*[,}]/.exec(error.body) : null;
  return match === null ? null : Number(match[1]);
}

/** Whether trying again with another time may help. */
export const isClockRefusal = (error: unknown): boolean => venueCode(error) === CLOCK_CODE;

/** What a failed request means here; `nowMs` in venue time, whose minutes its limits count. */
export function readFailure(error: ExchangeError, nowMs: number): ExchangeError {
  const code = venueCode(error);
  const isLimit = error instanceof RateLimitedError || (code !== null && LIMIT_CODES.includes(code));
  if (isLimit || (error instanceof HttpStatusError && error.status === 418)) {
    const untilMs = Number(/banned until (\d{13})/.exec(error.message)?.[1] ?? Math.floor(nowMs / 60_000 + 1) * 60_000);
    const wished = error instanceof RateLimitedError ? error.retryAfterMs : null;
    // An order count is refused for a request that was read: it says so by its own code.
    if (code === -1015) return error;
    return new RateLimitedError(error.message, Math.max(wished ?? 0, untilMs - nowMs));
  }
  if (!(error instanceof HttpStatusError)) return error;
  const as = (kind: ExchangeErrorKind, isRetryable: boolean, message = error.message) =>
    new HttpStatusError(kind, error.status, message, isRetryable, error.body);
  if (code !== null && KEY_CODES.includes(code)) {
    return as(
      'key-refused',
      false,
      `${error.message} (key, its permissions, its list of addresses, or portfolio margin)`,
    );
  }
  if (code === CLOCK_CODE) return as('rejected', true);
  if ([-1000, -1001, -1006, -1007, -1008].includes(code ?? 0)) return as('unavailable', true);
  // 403 is the firewall in front of the venue, 451 a country that it does not serve: neither has looked at the key.
  if (error.status === 403) return as('unavailable', true);
  return error.status === 451 ? as('configuration', false) : error;
}

/** What a failed request says about its order: `rejected` only for what is documented, or never left. */
export function readOrderFailure(error: ExchangeError): SubmitOutcome {
  const message = error.message.slice(0, 300);
  const rejected = (code: RejectionCode): SubmitOutcome => ({ kind: 'rejected', code, message });
  if (error instanceof BudgetExhaustedError) return rejected('rate-budget');
  if (error.kind === 'breaker-open') return rejected(error.kind);
  if (!error.mayHaveReachedVenue) return rejected(error.kind === 'configuration' ? error.kind : 'not-sent');
  const number = venueCode(error);
  const code = number === null ? undefined : REJECTED.get(number);
  if (code !== undefined && !(number === -2010 && DUPLICATE.test(message))) return rejected(code);
  // Documented as failed for certain, unlike every other 503.
  if (error instanceof HttpStatusError && error.status === 503 && /Service Unavailable\.?"?\s*\}?$/.test(error.body)) {
    return rejected('venue-closed');
  }
  return { kind: 'unknown', errorKind: error.kind, message };
}

export const configuration = (message: string): ExchangeError =>
  new ExchangeError('configuration', message, { retryable: false, mayHaveReachedVenue: false });
