import { DatabaseSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqliteDialectOver } from '#shared/adapters/sql/sqlite-dialect.ts';

/** Called around every statement of a life; a hook may kill that life. `tx` is text such as `commit` for the transaction's own. */
export type StatementHook = (sql: string, phase: 'before' | 'after') => void;

/** One SQLite file in memory that outlives the processes that use it. */
export interface SharedDatabase {
  readonly raw: DatabaseSync;
  /** For the judge: never dies. */
  readonly db: Db;
  /** A connection of one process. Once `dead`, nothing it asks is done or answered. */
  connectionOf(dead: () => boolean, hook: StatementHook): Db;
  /** What the database does when the process at the other end dies: an open transaction is undone. */
  undoOpenTransaction(): void;
  close(): void;
}

export async function sharedDatabase(): Promise<SharedDatabase> {
  const raw = new DatabaseSync(':memory:');
  const dialect = sqliteDialectOver(() => raw);
  const db = new Kysely<Database>({ dialect });
  await migrate(db as Kysely<unknown>);
  return {
    raw,
    db,
    connectionOf: (dead, hook) => new Kysely<Database>({ dialect: mortalDialect(dialect, dead, hook) }),
    undoOpenTransaction: () => {
      if (raw.isTransaction) raw.exec('rollback');
    },
    close: () => raw.close(),
  };
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

const mortalDialect = (dialect: Dialect, dead: () => boolean, hook: StatementHook): Dialect => ({
  createDriver: () => new MortalDriver(dialect.createDriver(), dead, hook),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createAdapter: () => dialect.createAdapter(),
  createIntrospector: (db) => dialect.createIntrospector(db),
});

class MortalDriver implements Driver {
  readonly #inner: Driver;
  readonly #dead: () => boolean;
  readonly #hook: StatementHook;

  constructor(inner: Driver, dead: () => boolean, hook: StatementHook) {
    this.#inner = inner;
    this.#dead = dead;
    this.#hook = hook;
  }

  init(): Promise<void> {
    return this.#inner.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await this.#inner.acquireConnection();
    return {
      executeQuery: <R>(query: CompiledQuery) =>
        this.#run(query.sql, () => connection.executeQuery(query) as Promise<QueryResult<R>>),
      streamQuery: () => {
        throw new Error('no query of the platform streams');
      },
    };
  }

  /** `commit` counts as a statement: a process may die right before and right after it. */
  async #run<T>(sql: string, work: () => Promise<T>): Promise<T> {
    if (!this.#dead()) this.#hook(sql, 'before');
    if (this.#dead()) return never();
    const result = await work();
    if (!this.#dead()) this.#hook(sql, 'after');
    return this.#dead() ? never() : result;
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return this.#inner.beginTransaction(connection, settings);
  }
  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#inner.commitTransaction(connection);
  }
  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#inner.rollbackTransaction(connection);
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
}
