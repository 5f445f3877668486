import type { VenueSettings } from '#shared/messages/venue-settings.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { openExchange } from '../exchange/open-exchange.ts';
import type { Exchange } from '../exchange/wire/exchange.ts';
import { sqlAlerts } from '../sql/alerts.ts';
import type { Db } from '../sql/open-database.ts';
import { sqlInstrumentsRepository } from '../sql/repositories/instruments-repository.ts';
import { SqlBreakerRepository } from '../sql/repositories/sql-breaker-repository.ts';
import { keepAliveFetch } from '../system/keep-alive-fetch.ts';

export interface LambdaVenueOptions {
  readonly settings: VenueSettings;
  readonly db: Db;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Where the trading keys are; null everywhere but in the order gateway of a venue that wants keys. */
  readonly secrets: Secrets | null;
}

export interface LambdaVenue extends Exchange {
  /** Before each invocation: a connection that was kept over a pause may be dead, and an order lost on it would be "unknown". */
  closeIdle(): void;
}

/** The venue for a function: breakers and instruments are shared through the database. */
export function openLambdaVenue({ settings, db, clock, telemetry, secrets }: LambdaVenueOptions): LambdaVenue {
  const client = keepAliveFetch();
  const venue = openExchange(settings, {
    db,
    secrets,
    instruments: sqlInstrumentsRepository(db),
    clock,
    telemetry,
    alerts: sqlAlerts(db, clock),
    breakers: new SqlBreakerRepository(db),
    fetch: client.fetch,
  });
  return { ...venue, closeIdle: client.closeIdle };
}
