import type { ObserverDocument } from '#shared/messages/observer-document.ts';

/** One account as an observer publishes it. */
export type ObservedAccount = ObserverDocument['positions'][string];

/** A reader of the account that shares no code with the trading client: raw venue requests, no key. */
export interface AccountObserver {
  /**
   * Reads every sub-account. One that fails is listed with `complete: false` and makes the whole view incomplete;
   * throws `ExchangeError` only when nothing could be read.
   */
  observe(address: string): Promise<ObservedAccount>;
}
