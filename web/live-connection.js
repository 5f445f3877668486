// @ts-check
import { sessionToken } from './api-client.js';
import { readServerEvents } from './server-events.js';

/** @import { PlatformSnapshot } from '../shared/messages/platform-snapshot.ts' */

const STALE_AFTER_MS = 3500;
const OFFLINE_AFTER_MS = 15_000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

/** @typedef {'active' | 'stale' | 'offline'} ConnectionState */

/** Snapshots from the server. The state follows the age of the data, not what the socket believes. */
export class LiveConnection {
  #url;
  #onSnapshot;
  /** Names this page to the server, where it has one place however often it connects. */
  #page = crypto.randomUUID();
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #retryMs = RETRY_MIN_MS;

  /** @param {string} url @param {(snapshot: PlatformSnapshot) => void} onSnapshot */
  constructor(url, onSnapshot) {
    this.#url = url;
    this.#onSnapshot = onSnapshot;
  }

  /** Listens for ever, and connects again when a stream ends, is refused or falls silent. */
  async open() {
    for (;;) {
      await this.#listen().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, this.#retryMs));
      this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    }
  }

  async #listen() {
    const silent = new AbortController();
    let timer = setTimeout(() => silent.abort(), OFFLINE_AFTER_MS);
    try {
      const headers = { 'x-3t-token': sessionToken(), 'x-3t-page': this.#page };
      const response = await fetch(this.#url, { headers, cache: 'no-store', signal: silent.signal });
      if (response.status === 401 || response.status === 403) await reloadAfterRestart();
      if (!response.ok || response.body === null) return;
      await readServerEvents(response.body, ({ name, data }) => {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), OFFLINE_AFTER_MS);
        if (name === 'snapshot') this.#take(data);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {string} text */
  #take(text) {
    this.#retryMs = RETRY_MIN_MS;
    const snapshot = parse(text);
    if (snapshot === null) return;
    this.#lastAtMs = performance.now();
    this.#onSnapshot(snapshot);
  }

  /** Milliseconds since the last snapshot. */
  get silenceMs() {
    return performance.now() - this.#lastAtMs;
  }

  /** @returns {ConnectionState} */
  get state() {
    if (this.silenceMs < STALE_AFTER_MS) return 'active';
    return this.silenceMs < OFFLINE_AFTER_MS ? 'stale' : 'offline';
  }
}

/** A platform that was started again has another token, and serves the page with it. */
async function reloadAfterRestart() {
  const page = await (await fetch('/', { cache: 'no-store' })).text();
  if (!page.includes(`content="${sessionToken()}"`)) location.reload();
}

/** @param {string} text @returns {PlatformSnapshot | null} */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return value?.v === 1 && Array.isArray(value.symbols) && Array.isArray(value.orders) ? value : null;
  } catch {
    return null;
  }
}
