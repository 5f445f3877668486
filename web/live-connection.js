// @ts-check
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
  /** @type {EventSource | null} */
  #source = null;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #retryMs = RETRY_MIN_MS;

  /** @param {string} url @param {(snapshot: PlatformSnapshot) => void} onSnapshot */
  constructor(url, onSnapshot) {
    this.#url = url;
    this.#onSnapshot = onSnapshot;
  }

  open() {
    this.#source?.close();
    const source = new EventSource(this.#url);
    this.#source = source;
    source.addEventListener('snapshot', (event) => {
      this.#retryMs = RETRY_MIN_MS;
      const snapshot = parse(event.data);
      if (snapshot === null) return;
      this.#lastAtMs = performance.now();
      this.#onSnapshot(snapshot);
    });
    source.addEventListener('error', () => {
      // The browser repeats by itself after a lost connection, but gives up for ever after an answer such as 503.
      if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
      this.#source = null;
      setTimeout(() => this.open(), this.#retryMs);
      this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    });
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

/** @param {string} text @returns {PlatformSnapshot | null} */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return value?.v === 1 && Array.isArray(value.symbols) && Array.isArray(value.orders) ? value : null;
  } catch {
    return null;
  }
}
