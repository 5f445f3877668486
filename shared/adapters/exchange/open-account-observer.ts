import type { SettingsOf, Venue, VenueSettings } from '#shared/messages/venue-settings.ts';
import type { AccountObserver } from '#shared/ports/account-observer.ts';
import { openObserver } from './hyperliquid/open-observer.ts';
import type { Fetch } from './resilience/exchange-transport.ts';

const BY_VENUE: {
  readonly [V in Venue]: (settings: SettingsOf<V>, observerId: string, fetch: Fetch) => AccountObserver;
} = { hyperliquid: openObserver };

/** An independent view of the accounts of the venue that the settings name. */
export const openAccountObserver = (settings: VenueSettings, observerId: string, fetch: Fetch): AccountObserver =>
  BY_VENUE[settings.venue](settings, observerId, fetch);
