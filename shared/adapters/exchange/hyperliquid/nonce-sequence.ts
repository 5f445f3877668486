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
    this.#last = Math.max(this.#clock.nowMs(), this.#last + 1);
    return this.#last;
  }
}
