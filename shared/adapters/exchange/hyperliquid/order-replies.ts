import type { ExchangeError, SubmitOutcome } from '#shared/ports/exchange.ts';
import { BudgetExhaustedError, HttpStatusError } from '../resilience/exchange-failure.ts';
import { cancelAnswerSchema, exchangeReplySchema, orderAnswerSchema } from './wire-schemas.ts';

/** Words that prove nothing: the venue has seen this order, or this nonce, before. What became of it must be asked. */
const SEEN_BEFORE = new Set(['duplicate-client-order-id', 'nonce']);

/**
 * The venue's words for a refusal, from the first that matches.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
 */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/duplicate (client order id|cloid)|cloid .*(already|exists)|already .*cloid/i, 'duplicate-client-order-id'],
  [/minimum value/i, 'min-notional'],
  [/divisible by tick size|invalid price/i, 'tick-size'],
  [/zero size|invalid size/i, 'lot-size'],
  [/immediately matched/i, 'post-only-would-match'],
  [/reduce.only/i, 'reduce-only-would-increase'],
  [/could not immediately match|no liquidity available/i, 'ioc-no-match'],
  [/insufficient (margin|spot balance|balance)/i, 'insufficient-margin'],
  [/too many open orders/i, 'too-many-open-orders'],
  [/away from the reference price|oracle/i, 'price-too-far'],
  [/open interest/i, 'open-interest-cap'],
  [/expired|expiresAfter/i, 'expired'],
  [/nonce/i, 'nonce'],
  [/too many (cumulative )?requests|rate limit/i, 'rate-limited'],
  [/does not exist|recover signer|not registered|unauthori[sz]ed|must deposit/i, 'auth'],
  [/halted|delisted|not tradable|trading is disabled/i, 'not-tradable'],
];

/** Code of an error text; null when the text is new to us. */
export const refusalCode = (text: string): string | null => REFUSALS.find(([words]) => words.test(text))?.[1] ?? null;

const unknown = (message: string): SubmitOutcome => ({
  kind: 'unknown',
  errorKind: 'malformed-reply',
  message: message.slice(0, 300),
});

/** Reads the answer to one order. Whatever is not clearly a yes or a no is `unknown`. */
export function readOrderReply(reply: unknown): SubmitOutcome {
  const envelope = exchangeReplySchema.safeParse(reply);
  if (!envelope.success) return unknown('unreadable answer to an order');
  if (envelope.data.status === 'err') {
    // A refusal of the whole request, before any order of it was looked at; in words that we know.
    return refused(envelope.data.response, null);
  }
  const answer = orderAnswerSchema.safeParse(envelope.data.response);
  if (!answer.success) return unknown('the answer names no status for the order');
  const [status] = answer.data.data.statuses;
  if ('error' in status) return refused(status.error, 'venue-rejected');
  if ('resting' in status) {
    const venueOrderId = status.resting.oid;
    return { kind: 'accepted', venueOrderId, state: 'resting', filledSize: '0', averagePrice: null };
  }
  const { oid, totalSz, avgPx } = status.filled;
  if (totalSz === '0' || totalSz.startsWith('-')) return unknown('the answer says filled, of nothing');
  return { kind: 'accepted', venueOrderId: oid, state: 'filled', filledSize: totalSz, averagePrice: avgPx };
}

/** `fallback` is the code of a refusal in unknown words; null when unknown words prove nothing. */
function refused(text: string, fallback: string | null): SubmitOutcome {
  const message = text.slice(0, 300);
  const code = refusalCode(text) ?? fallback;
  if (code === null) return unknown(message);
  if (SEEN_BEFORE.has(code)) return unknown(`${code}: ${message}`);
  return { kind: 'rejected', code, message };
}

/**
 * What a failed call says about the order. `rejected` only when it is certain that the venue did not take it: nothing left
 * the machine, or the API refused the request as such (4xx). A 429 comes from the limiter in front of the engine; with a
 * proxy between us it may be the proxy's word about a request that it already delivered once, so there it is `unknown`.
 */
export function readOrderFailure(error: ExchangeError, throughProxy: boolean): SubmitOutcome {
  const message = error.message.slice(0, 300);
  const rejected = (code: string): SubmitOutcome => ({ kind: 'rejected', code, message });
  if (error instanceof BudgetExhaustedError) return rejected('rate-budget');
  if (error.kind === 'breaker-open' || error.kind === 'configuration') return rejected(error.kind);
  if (!error.mayHaveReachedVenue) return rejected('not-sent');
  if (!throughProxy && error.kind === 'rate-limited') return rejected('rate-limited');
  if (!throughProxy && error instanceof HttpStatusError && (error.kind === 'rejected' || error.kind === 'auth')) {
    return rejected(error.kind === 'auth' ? 'auth' : `http-${error.status}`);
  }
  return { kind: 'unknown', errorKind: error.kind, message };
}

export type CancelAnswer = 'cancelled' | { readonly notOpen: string } | { readonly unknown: string };

const NOT_OPEN = /never placed|already canceled|already cancelled|or filled/i;

/** Reads the answer to one cancel by client order id. */
export function readCancelReply(reply: unknown): CancelAnswer {
  const envelope = exchangeReplySchema.safeParse(reply);
  if (!envelope.success) return { unknown: 'unreadable answer to a cancel' };
  if (envelope.data.status === 'err') return { unknown: envelope.data.response.slice(0, 300) };
  const answer = cancelAnswerSchema.safeParse(envelope.data.response);
  if (!answer.success) return { unknown: 'the answer names no status for the cancel' };
  const [status] = answer.data.data.statuses;
  if (status === 'success') return 'cancelled';
  return NOT_OPEN.test(status.error)
    ? { notOpen: status.error.slice(0, 300) }
    : { unknown: status.error.slice(0, 300) };
}
