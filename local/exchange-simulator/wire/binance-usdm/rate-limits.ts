import { MINUTE_MS, slotOf } from '#shared/core/time.ts';
import { ApiError } from './api-error.ts';

const WEIGHT_PER_MINUTE = 2_400;
const ORDERS_PER_MINUTE = 1_200;
const ORDERS_PER_TEN_SECONDS = 300;

/** Fixed windows that start at :00, one for the address and two for the account's orders. */
export class RateLimits {
  #minute = 0;
  #weight = 0;
  #orders: number[] = [];

  /** @throws ApiError 429 beyond the limit. */
  spend(weight: number, nowMs: number): void {
    const minute = slotOf(nowMs, MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#weight = 0;
    }
    this.#weight += weight;
    if (this.#weight <= WEIGHT_PER_MINUTE) return;
    const text = `Too many requests; current limit of IP is ${WEIGHT_PER_MINUTE} requests per minute.`;
    throw new ApiError(-1003, text, 429);
  }

  /** @throws ApiError when the account sends too many orders. */
  order(nowMs: number): void {
    this.#orders = this.#orders.filter((atMs) => atMs > nowMs - MINUTE_MS);
    const lately = this.#orders.filter((atMs) => atMs > nowMs - 10_000).length;
    if (this.#orders.length >= ORDERS_PER_MINUTE || lately >= ORDERS_PER_TEN_SECONDS) {
      throw new ApiError(-1015, 'Too many new orders; please use less orders.', 429);
    }
    this.#orders.push(nowMs);
  }

  headers(): Readonly<Record<string, string>> {
    return { 'x-mbx-used-weight-1m': String(this.#weight) };
  }
}
