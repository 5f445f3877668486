import type { VenueSettings } from '#shared/messages/venue-settings.ts';
import type { AccountObserver } from '#shared/ports/account-observer.ts';
import { type ObserverRead, readAccountForObserver } from './observer-reader.ts';

/** An observer of the accounts of a venue; it asks `settings.httpUrl` and shares no code with the reader of accounts. */
export const openObserver = (
  settings: Pick<VenueSettings, 'httpUrl' | 'dexes' | 'timeoutMs'>,
  observerId: string,
  fetch: ObserverRead['fetch'],
): AccountObserver => ({
  observe: (address) =>
    readAccountForObserver({
      url: settings.httpUrl,
      address,
      dexes: settings.dexes,
      observerId,
      fetch,
      timeoutMs: settings.timeoutMs,
    }),
});
