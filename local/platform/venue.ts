import { feedSettings, venueSettings } from '#config/venue-settings.ts';
import { openAccountObserver } from '#shared/adapters/exchange/open-account-observer.ts';
import { openExchange } from '#shared/adapters/exchange/open-exchange.ts';
import { openPriceFeed } from '#shared/adapters/exchange/open-price-feed.ts';
import type { Exchange } from '#shared/adapters/exchange/wire/exchange.ts';
import type { AccountObserver } from '#shared/ports/account-observer.ts';
import type { PriceFeed } from '#shared/ports/price-feed.ts';
import type { PlatformEnvironment } from './environment.ts';
import type { Repositories } from './repositories.ts';

export interface Venue {
  /** Without a key: what balance, market data, tracker and janitor use. */
  readonly reader: Exchange;
  /** With the trading keys: for the order gateway alone. */
  readonly trader: Exchange;
  readonly feed: PriceFeed;
  /** `httpUrl` null: the venue's own address. */
  observerOf(id: string, httpUrl: string | null): AccountObserver;
  close(): Promise<void>;
}

export function createVenue(env: PlatformEnvironment, exchange: string, repositories: Repositories): Venue {
  const { config, db, clock, telemetry, fetch } = env;
  const addresses = env.venues[exchange];
  if (!addresses) throw new Error(`nobody said where ${exchange} answers`);
  const settings = venueSettings(config, exchange, addresses);
  const { instruments, alerts, breakers } = repositories;
  const ports = { db, instruments, alerts, breakers, clock, telemetry, fetch };
  const reader = openExchange(settings, { ...ports, secrets: null });
  const trader = openExchange(settings, { ...ports, secrets: env.secrets });
  return {
    reader,
    trader,
    feed: openPriceFeed(settings, feedSettings(config, exchange), env),
    observerOf: (id, httpUrl) => openAccountObserver({ ...settings, httpUrl: httpUrl ?? settings.httpUrl }, id, fetch),
    close: async () => {
      await reader.close();
      await trader.close();
    },
  };
}
