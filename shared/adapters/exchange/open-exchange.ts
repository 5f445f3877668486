import type { SettingsOf, Venue, VenueSettings } from '#shared/messages/venue-settings.ts';
import type { Db } from '../sql/open-database.ts';
import { type HyperliquidPorts, openHyperliquid } from './hyperliquid/open-hyperliquid.ts';
import { createPaper } from './paper/create-paper.ts';
import type { Exchange } from './wire/exchange.ts';

export interface ExchangePorts extends HyperliquidPorts {
  /** For venues that keep their books here. */
  readonly db: Db;
}

/** The adapter of each venue. */
const BY_VENUE: { readonly [V in Venue]: (settings: SettingsOf<V>, ports: ExchangePorts) => Exchange } = {
  hyperliquid: openHyperliquid,
};

/** Sub-accounts beside the native one, whose books paper keeps apart. */
const subAccounts = (settings: VenueSettings): readonly string[] => settings.dexes;

/** Prices, candles and instruments of the real venue; accounts, orders and fills of our own tables. */
function openPaper(settings: VenueSettings, ports: ExchangePorts): Exchange {
  const { db, clock, telemetry } = ports;
  const { exchange, accounts, paper } = settings;
  return {
    ...BY_VENUE[settings.venue](settings, { ...ports, secrets: null }),
    ...createPaper({ exchange, settings: paper, accounts, dexes: subAccounts(settings), db, clock, telemetry }),
  };
}

/** The venue that the settings name: the one place where its kind matters. */
export const openExchange = (settings: VenueSettings, ports: ExchangePorts): Exchange =>
  settings.kind === 'paper' ? openPaper(settings, ports) : BY_VENUE[settings.venue](settings, ports);
