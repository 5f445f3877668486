import { DatabaseSync } from 'node:sqlite';
import { Kysely, type KyselyConfig } from 'kysely';
import { onTestFinished } from 'vitest';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqliteDialectOver } from '#shared/adapters/sql/sqlite-dialect.ts';

/** Migrating takes twenty times as long as copying what it made. */
const migrated = await (async () => {
  const handle = new DatabaseSync(':memory:');
  await migrate(new Kysely<unknown>({ dialect: sqliteDialectOver(() => handle) }));
  return handle.serialize();
})();

/** An empty database with today's schema, closed when the test that opened it ends; opened by a hook of a file, with its process. */
export function memoryDatabase(options: Pick<KyselyConfig, 'log'> = {}): Db {
  const handle = new DatabaseSync(':memory:');
  handle.deserialize(migrated);
  const close = () => {
    if (handle.isOpen) handle.close();
  };
  try {
    onTestFinished(close);
  } catch {
    // Only a test has an end to wait for.
  }
  return new Kysely<Database>({ dialect: sqliteDialectOver(() => handle), ...options });
}
