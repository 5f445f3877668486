import type { OrderClass } from '#shared/core/orders/order.ts';

/**
 * What a call is for. Each class has its own breaker and its own share of the rate budget, so that a storm of candle
 * requests or a run of failed entries can never keep an exit inside. `protect` includes cancels; `status` is every
 * private read.
 */
export type CallClass = 'open' | 'reduce' | 'protect' | 'status' | 'market-data';

export const CALL_CLASSES: readonly CallClass[] = ['open', 'reduce', 'protect', 'status', 'market-data'];

export const callClassOf = (orderClass: OrderClass): CallClass => (orderClass === 'cancel' ? 'protect' : orderClass);
