import { DAY_MS } from '#shared/core/time.ts';

const KEPT = 100;

/**
 * Nonces of one signer, by HyperLiquid's rule: the 100 highest are kept; a new one must not be among them, must be above
 * the smallest once 100 are kept, and must lie in (now − 2 days, now + 1 day).
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/nonces-and-api-wallets
 */
export class NonceWindow {
  #kept: number[];

  constructor(kept: readonly number[] = []) {
    this.#kept = [...kept].sort((a, b) => a - b);
  }

  /** Null and remembered when the nonce may be used; else the venue's words for why not. */
  use(nonce: number, nowMs: number): string | null {
    if (nonce <= nowMs - 2 * DAY_MS || nonce >= nowMs + DAY_MS) {
      return `Invalid nonce: ${nonce} is outside of (${nowMs - 2 * DAY_MS}, ${nowMs + DAY_MS})`;
    }
    if (this.#kept.includes(nonce)) return `Invalid nonce: duplicate nonce ${nonce}`;
    const smallest = this.#kept[0];
    if (this.#kept.length >= KEPT && smallest !== undefined && nonce < smallest) {
      return `Invalid nonce: nonce too low ${nonce} < ${smallest}`;
    }
    let at = this.#kept.length;
    while (at > 0 && (this.#kept[at - 1] as number) > nonce) at -= 1;
    this.#kept.splice(at, 0, nonce);
    if (this.#kept.length > KEPT) this.#kept.shift();
    return null;
  }

  values(): readonly number[] {
    return this.#kept;
  }
}
