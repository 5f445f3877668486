import type { RejectionCode } from '#shared/core/orders/refusal-codes.ts';
import { KEY_REFUSED } from '#shared/core/system/trading-key.ts';
import type { ExchangeError, SubmitOutcome } from '#shared/ports/exchange.ts';
import { BudgetExhaustedError, HttpStatusError } from '../resilience/exchange-failure.ts';
import { cancelAnswerSchema, exchangeReplySchema, orderAnswerSchema } from './wire-schemas.ts';

/**
 * The venue's words for a refusal, from their beginning, each with where they are written down. Nothing else is a refusal: "Duplicate
 * order" or words that are new prove only that the venue has seen the order, and what became of it must be asked (ADR 0006).
 */
const REFUSALS: readonly (readonly [RegExp, RejectionCode])[] = [
  // https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
  [/^price must be divisible by tick size/i, 'tick-size'],
  [/^order must have minimum value of /i, 'min-notional'],
  [/^insufficient margin to place order/i, 'insufficient-margin'],
  [/^reduce only order would increase position/i, 'reduce-only-would-increase'],
  [/^post only order would have immediately matched/i, 'post-only-would-match'],
  [/^order could not immediately match against any resting orders/i, 'ioc-no-match'],
  [/^invalid tp\/sl price/i, 'trigger-price'],
  [/^no liquidity available for market order/i, 'ioc-no-match'],
  [/^order would increase open interest /i, 'open-interest-cap'],
  [/^order rejected due to price more aggressive than oracle /i, 'price-too-far'],
  [/^order price too far from oracle/i, 'price-too-far'],
  [/^order would cause position to exceed margin tier limit/i, 'margin-tier'],
  [/^order has insufficient spot balance/i, 'insufficient-margin'],
  // What ccxt knows beyond that: https://github.com/ccxt/ccxt/blob/master/ts/src/hyperliquid.ts (exceptions)
  [/^order has zero size/i, 'lot-size'],
  [/^order has invalid size/i, 'lot-size'],
  [/^order price cannot be more than \d+% away from the reference price/i, 'price-too-far'],
  [/^insufficient spot balance asset/i, 'insufficient-margin'],
  // https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits, words as in ccxt
  [/^too many cumulative requests sent/i, 'rate-limited'],
  // https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing; also for an agent that expired or was replaced
  [/^user or api wallet \S+ does not exist/i, KEY_REFUSED],
  [/^must deposit before performing actions/i, KEY_REFUSED],
  // For minutes: https://github.com/hummingbot/hummingbot/issues/6800, https://github.com/hummingbot/hummingbot/issues/6730
  [/^only post-only orders allowed immediately after (a )?network upgrade/i, 'venue-closed'],
  // https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/hip-3-deployer-actions (haltTrading)
  [/^trading is halted/i, 'not-tradable'],
];

/** Code of an error text; null when the text is no documented refusal. */
export function refusalCode(text: string): RejectionCode | null {
  const words = text
    .trim()
    .replace(/^L1 error: /i, '')
    .replace(/^\(spot-only\) /i, '');
  return REFUSALS.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}

const unknown = (message: string): SubmitOutcome => ({
  kind: 'unknown',
  errorKind: 'malformed-reply',
  message: message.slice(0, 300),
});

/** Reads the answer to one order. Whatever is not clearly a yes or a no is `unknown`. */
export function readOrderReply(reply: unknown): SubmitOutcome {
  const envelope = exchangeReplySchema.safeParse(reply);
  if (!envelope.success) return unknown('unreadable answer to an order');
  // Of the whole request, before any order of it was looked at.
  if (envelope.data.status === 'err') return refused(envelope.data.response);
  const answer = orderAnswerSchema.safeParse(envelope.data.response);
  if (!answer.success) return unknown('the answer names no status for the order');
  const [status] = answer.data.data.statuses;
  if ('error' in status) return refused(status.error);
  if ('resting' in status) {
    const venueOrderId = status.resting.oid;
    return { kind: 'accepted', venueOrderId, state: 'resting', filledSize: '0', averagePrice: null };
  }
  const { oid, totalSz, avgPx } = status.filled;
  return { kind: 'accepted', venueOrderId: oid, state: 'filled', filledSize: totalSz, averagePrice: avgPx };
}

function refused(text: string): SubmitOutcome {
  const message = text.slice(0, 300);
  const code = refusalCode(text);
  return code === null ? unknown(message) : { kind: 'rejected', code, message };
}

/**
 * What a failed call says about the order. `rejected` only when it is certain that the venue did not take it: nothing left
 * the machine, or the API refused the request as such (4xx). A 429 comes from the limiter in front of the engine; with a
 * proxy between us it may be the proxy's word about a request that it already delivered once, so there it is `unknown`.
 */
export function readOrderFailure(error: ExchangeError, throughProxy: boolean): SubmitOutcome {
  const message = error.message.slice(0, 300);
  const rejected = (code: RejectionCode): SubmitOutcome => ({ kind: 'rejected', code, message });
  if (error instanceof BudgetExhaustedError) return rejected('rate-budget');
  if (error.kind === 'breaker-open' || error.kind === 'configuration') return rejected(error.kind);
  if (!error.mayHaveReachedVenue) return rejected('not-sent');
  if (!throughProxy && error.kind === 'rate-limited') return rejected('rate-limited');
  if (!throughProxy && error instanceof HttpStatusError && (error.kind === 'rejected' || error.kind === 'auth')) {
    return rejected(`http-${error.status}`);
  }
  return { kind: 'unknown', errorKind: error.kind, message };
}

export type CancelAnswer =
  | 'cancelled'
  | { readonly notOpen: string }
  | { readonly unknown: string; readonly code?: string | undefined };

const NOT_OPEN = /never placed|already canceled|already cancelled|or filled/i;

/** Reads the answer to one cancel by client order id. */
export function readCancelReply(reply: unknown): CancelAnswer {
  const envelope = exchangeReplySchema.safeParse(reply);
  if (!envelope.success) return { unknown: 'unreadable answer to a cancel' };
  if (envelope.data.status === 'err') {
    const { response } = envelope.data;
    return { unknown: response.slice(0, 300), code: refusalCode(response) ?? undefined };
  }
  const answer = cancelAnswerSchema.safeParse(envelope.data.response);
  if (!answer.success) return { unknown: 'the answer names no status for the cancel' };
  const [status] = answer.data.data.statuses;
  if (status === 'success') return 'cancelled';
  return NOT_OPEN.test(status.error)
    ? { notOpen: status.error.slice(0, 300) }
    : { unknown: status.error.slice(0, 300) };
}
