import { DatabaseSync } from 'node:sqlite';
import { Kysely, type LogEvent, sql } from 'kysely';
import type { Database } from './database.ts';
import { MIGRATION_NAMES, migrate } from './migrate.ts';
import { type SqliteOptions, sqliteDialect, sqliteDialectOver } from './sqlite-dialect.ts';
import { type StorageFailure, storageFailure } from './storage-failure.ts';

export type Db = Kysely<Database>;

/**
 * Opens a SQLite database and brings its schema up to date. Throws when the file is locked, unreadable or newer.
 * `onFailure` is told when its file fails a later statement: nothing can be stored from then on.
 */
export async function openSqlite(
  options: SqliteOptions & { readonly onFailure?: (failure: StorageFailure) => void },
): Promise<Db> {
  const { onFailure } = options;
  let isOpen = false;
  const log = (event: LogEvent): void => {
    const failure = isOpen && event.level === 'error' ? storageFailure(event.error) : null;
    if (failure) onFailure?.(failure);
  };
  // Kysely times every statement for a log: only who listens pays for it.
  const db = new Kysely<Database>({ dialect: sqliteDialect(options), ...(onFailure ? { log } : {}) });
  try {
    await migrate(db as Kysely<unknown>);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  isOpen = true;
  return db;
}

/** Opens the file of a platform that does not run, to look only. Throws when its schema is not this release's. */
export async function openSqliteToRead(path: string): Promise<Db> {
  const db = new Kysely<Database>({ dialect: sqliteDialectOver(() => new DatabaseSync(path, { readOnly: true })) });
  try {
    const { rows } = await sql<{ name: string }>`select name from schema_migrations order by name`.execute(db);
    const names = rows.map(({ name }) => name);
    if (names.join() !== [...MIGRATION_NAMES].sort().join()) {
      throw new Error(
        `its schema is that of another release (${names.join(', ')}): the next start brings it up to date`,
      );
    }
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
