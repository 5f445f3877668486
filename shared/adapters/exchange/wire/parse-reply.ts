import { ExchangeError } from '#shared/ports/exchange.ts';

/** 2^53 has 16 digits and begins with 9. */
const LONG_NUMBER = /[[:,]\s*(?:9\d{15}|\d{17,})/;
type ParseWithSource = (
  text: string,
  revive: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/**
 * Whole numbers beyond 2^53 become text, digit for digit; every other number stays one. (ccxt's parser turns all numbers of
 * such a reply into text, times included.) Throws `malformed-reply` for what is no JSON.
 */
export function parseReply(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? parseLong(text) : JSON.parse(text);
  } catch {
    const start = text.slice(0, 80).replaceAll(/\s+/g, ' ');
    const flags = { retryable: true, mayHaveReachedVenue: true };
    throw new ExchangeError('malformed-reply', `reply is not JSON: ${start}`, flags);
  }
}

const parseLong = (text: string): unknown =>
  (JSON.parse as ParseWithSource)(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(source ?? '') ? source : value,
  );
