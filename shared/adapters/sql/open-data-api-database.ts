import { Kysely, type Transaction, type TransactionBuilder } from 'kysely';
import type { Clock } from '#shared/ports/clock.ts';
import type { DataApiOptions } from './data-api/data-api-calls.ts';
import { dataApiDialect } from './data-api/data-api-dialect.ts';
import type { Database } from './database.ts';
import { isDeadlock } from './deadlock.ts';
import type { Db } from './open-database.ts';

const TRIES_MAX = 4;
const WAIT_MS = 50;

/** MySQL rolls one of two transactions back that wait for each other, and says to try it again. */
class PersistentKysely extends Kysely<Database> {
  readonly #clock: Clock;

  constructor(options: DataApiOptions) {
    super({ dialect: dataApiDialect(options) });
    this.#clock = options.clock;
  }

  override transaction(): TransactionBuilder<Database> {
    const builder = super.transaction();
    const once = builder.execute.bind(builder);
    const execute = async <T>(callback: (trx: Transaction<Database>) => Promise<T>): Promise<T> => {
      for (let tried = 1; ; tried++) {
        try {
          return await once(callback);
        } catch (error) {
          if (!isDeadlock(error) || tried >= TRIES_MAX) throw error;
          await this.#clock.sleep(WAIT_MS * tried);
        }
      }
    };
    return Object.assign(builder, { execute });
  }
}

/**
 * Aurora MySQL over the RDS Data API. Opens nothing and changes no schema (see migrate-locked.ts): the first statement is the
 * first call. A transaction that loses a deadlock runs again from its beginning. `destroy()` leaves the client open.
 */
export function openDataApiDatabase(options: DataApiOptions): Db {
  return new PersistentKysely(options);
}
