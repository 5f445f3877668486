import type { VenueSettings } from '#shared/messages/venue-settings.ts';
import type { Db } from '../sql/open-database.ts';
import { type HyperliquidPorts, openHyperliquid } from './hyperliquid/open-hyperliquid.ts';
import { createPaper } from './paper/create-paper.ts';
import type { Exchange } from './wire/exchange.ts';

export interface ExchangePorts extends HyperliquidPorts {
  readonly exchange: string;
  /** For venues that keep their books here. */
  readonly db: Db;
}

type Open = (settings: VenueSettings, ports: ExchangePorts) => Exchange;

/** Prices, candles and instruments of the real venue; accounts, orders and fills of our own tables. */
const openPaper: Open = (settings, ports) => {
  const { exchange, db, clock, telemetry } = ports;
  const { accounts, dexes } = settings;
  return {
    ...openHyperliquid(settings, { ...ports, secrets: null }),
    ...createPaper({ exchange, settings: settings.paper, accounts, dexes, db, clock, telemetry }),
  };
};

const BY_KIND: Readonly<Record<VenueSettings['kind'], Open>> = {
  simulator: openHyperliquid,
  paper: openPaper,
  testnet: openHyperliquid,
  live: openHyperliquid,
};

/** The venue that the settings name: the one place where its kind matters. */
export const openExchange: Open = (settings, ports) => BY_KIND[settings.kind](settings, ports);
