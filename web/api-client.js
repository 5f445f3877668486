// @ts-check
/** @typedef {{ openTimeMs: number, open: string, high: string, low: string, close: string, volume: string, final: boolean }} Candle */
/** @typedef {{ tradeId: string, venueOrderId: string, side: string, price: string, size: string, ours: boolean, venueTimeMs: number }} Fill */
/** @typedef {{ curve: [venueTimeMs: number, equityQuote: string, netTransfersQuote: string][], realizedQuote: string, feesQuote: string }} Pnl */
/** @typedef {{ id: string, kind: string, severity: string, symbol: string | null, message: string, count: number, firstAtMs: number, lastAtMs: number }} Alert */

const TIMEOUT_MS = 8000;

/** Of this start of the platform: the page was served with it. */
export const sessionToken = () => document.querySelector('meta[name="3t-token"]')?.getAttribute('content') ?? '';

/** Why the platform did not do it, in its own words. */
export class ApiRefusal extends Error {}

/** @param {string} path @param {RequestInit} [init] @returns {Promise<unknown>} */
async function request(path, init = {}) {
  let response;
  try {
    response = await fetch(path, { ...init, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiRefusal('the platform does not answer');
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  const message = /** @type {{ error?: { message?: unknown } } | null} */ (body)?.error?.message;
  throw new ApiRefusal(typeof message === 'string' ? message : `the platform answered ${response.status}`);
}

/** Oldest first. @param {string} symbol @param {string} timeframe @param {number} limit */
export async function fetchCandles(symbol, timeframe, limit) {
  const query = new URLSearchParams({ symbol, timeframe, limit: String(limit) });
  const answer = /** @type {{ candles: Candle[] }} */ (await request(`/api/candles?${query}`));
  return answer.candles.toSorted((a, b) => a.openTimeMs - b.openTimeMs);
}

/** Our newest fills. @param {string} symbol @param {number} limit */
export async function fetchFills(symbol, limit) {
  const query = new URLSearchParams({ symbol, limit: String(limit) });
  const answer = /** @type {{ trades: Fill[] }} */ (await request(`/api/trades?${query}`));
  return answer.trades;
}

export async function fetchPnl() {
  return /** @type {Pnl} */ (await request('/api/pnl'));
}

/** One row an episode, newest first. @param {number} limit */
export async function fetchAlerts(limit) {
  return /** @type {{ nowMs: number, alerts: Alert[] }} */ (await request(`/api/alerts?limit=${limit}`));
}

/** @param {string} subject A symbol or an order id. */
export const fetchWhy = (subject) => request(`/api/why/${encodeURIComponent(subject)}`);

/** @param {'lock' | 'unlock' | 'adopt' | 'release' | 'flatten'} action @param {Record<string, unknown>} body */
export function changeState(action, body) {
  return request(`/api/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-3t-token': sessionToken() },
    body: JSON.stringify(body),
  });
}
