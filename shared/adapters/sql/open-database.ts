import { DatabaseSync } from 'node:sqlite';
import { Kysely, type LogEvent, sql } from 'kysely';
import type { Database } from './database.ts';
import { MIGRATION_NAMES, migrate } from './migrate.ts';
import { type SqliteOptions, sqliteDialect, sqliteDialectOver } from './sqlite-dialect.ts';
import { type StorageFailure, storageFailure } from './storage-failure.ts';

export type Db = Kysely<Database>;

const OPENING_WAIT_MS = 2_000;

/**
 * Opens a SQLite database and brings its schema up to date. Throws when the file is locked, unreadable or newer.
 * `onFailure` is told when its file fails a later statement: nothing can be stored from then on. A file that another process locks
 * later is waited for, for `lockWaitMs`, and `onLockWait` is told how long by now, then null.
 */
export async function openSqlite(
  options: Omit<SqliteOptions, 'lockWait'> & {
    readonly onFailure?: (failure: StorageFailure) => void;
    readonly lockWaitMs?: number;
    readonly onLockWait?: (waitedMs: number | null) => void;
  },
): Promise<Db> {
  const { onFailure, lockWaitMs, onLockWait = () => {} } = options;
  let isOpen = false;
  const log = (event: LogEvent): void => {
    const failure = isOpen && event.level === 'error' ? storageFailure(event.error) : null;
    if (failure) onFailure?.(failure);
  };
  // Kysely times every statement for a log: only who listens pays for it.
  const maxMs = () => (isOpen ? (lockWaitMs ?? 0) : (options.busyTimeoutMs ?? OPENING_WAIT_MS));
  const lockWait = lockWaitMs === undefined ? {} : { lockWait: { maxMs, onWait: onLockWait } };
  const db = new Kysely<Database>({
    dialect: sqliteDialect({ ...options, ...lockWait }),
    ...(onFailure ? { log } : {}),
  });
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
