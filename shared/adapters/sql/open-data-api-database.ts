import { Kysely } from 'kysely';
import type { DataApiOptions } from './data-api/data-api-calls.ts';
import { dataApiDialect } from './data-api/data-api-dialect.ts';
import type { Database } from './database.ts';
import type { Db } from './open-database.ts';

/**
 * Aurora MySQL over the RDS Data API. Opens nothing and changes no schema (see migrate-locked.ts): the first statement is the
 * first call. `destroy()` leaves the client open.
 */
export function openDataApiDatabase(options: DataApiOptions): Db {
  return new Kysely<Database>({ dialect: dataApiDialect(options) });
}
