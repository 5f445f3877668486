import { Kysely, type LogEvent } from 'kysely';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { type SqliteOptions, sqliteDialect } from './sqlite-dialect.ts';
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
