import { isFromFuture } from '#shared/core/age.ts';
import { HOUR_MS } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';

/**
 * Nonces of one signer: the clock in milliseconds, but always higher than the one before. The venue keeps the 100 highest
 * of a signer and refuses repeats, so all accounts of one agent key share one sequence.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/nonces-and-api-wallets
 */
export class NonceSequence {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): number {
    const nowMs = this.#clock.nowMs();
    // The venue takes nonces of the next day, and never one twice. Going on from one of a clock that was further ahead, every order
    // would be refused until that day has come.
    this.#last = isFromFuture(this.#last, nowMs, HOUR_MS) ? nowMs : Math.max(nowMs, this.#last + 1);
    return this.#last;
  }
}
