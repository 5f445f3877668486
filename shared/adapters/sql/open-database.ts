import { Kysely } from 'kysely';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { type SqliteOptions, sqliteDialect } from './sqlite-dialect.ts';

export type Db = Kysely<Database>;

/** Opens a SQLite database and brings its schema up to date. Throws when the file is locked, unreadable or newer. */
export async function openSqlite(options: SqliteOptions): Promise<Db> {
  const db = new Kysely<Database>({ dialect: sqliteDialect(options) });
  try {
    await migrate(db as Kysely<unknown>);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}
