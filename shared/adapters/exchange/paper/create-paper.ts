import { dec } from '#shared/core/decimal.ts';
import type { PaperSettings } from '#shared/messages/venue-settings.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { AccountReader, OrderVenue } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Db } from '../../sql/open-database.ts';
import { PaperAccountReader } from './paper-account-reader.ts';
import type { NamedAccount } from './paper-accounts.ts';
import type { PaperTerms } from './paper-desk.ts';
import { PaperOrderVenue } from './paper-order-venue.ts';
import { PaperStore } from './paper-store.ts';

export interface PaperOptions {
  readonly exchange: string;
  readonly settings: PaperSettings;
  readonly accounts: readonly NamedAccount[];
  readonly dexes: readonly string[];
  /** Where prices are stored, and where the books are kept. */
  readonly db: Db;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly telemetry: Telemetry;
}

/** A venue that trades with itself at stored prices. Prices, candles and instruments are another venue's. */
export function createPaper(options: PaperOptions): {
  readonly accountReader: AccountReader;
  readonly orderVenue: OrderVenue;
} {
  const { settings } = options;
  const store = new PaperStore({ ...options, terms: termsOf(settings) });
  return {
    accountReader: new PaperAccountReader({ ...options, store }),
    orderVenue: new PaperOrderVenue({ ...options, store }),
  };
}

const BOOK_LEVELS = 20;

const termsOf = (settings: PaperSettings): PaperTerms => ({
  equityQuote: dec(settings.equityQuote),
  fees: { taker: dec(settings.takerFee), maker: dec(settings.makerFee) },
  book: {
    spreadBps: settings.spreadBps,
    stepBps: Math.max(settings.spreadBps / 2, 0.5),
    levels: BOOK_LEVELS,
    depthQuote: settings.depthQuote,
  },
  priceAgeMsMax: settings.priceAgeMsMax,
});
