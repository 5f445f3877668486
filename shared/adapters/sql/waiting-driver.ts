import { setTimeout } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  SqliteDriver,
  type TransactionSettings,
} from 'kysely';

export interface LockWait {
  /** Milliseconds that a locked file is waited for; asked anew at each look. */
  readonly maxMs: () => number;
  /** Told how long a statement has waited by now, and null once it went through or was given up. */
  readonly onWait: (waitedMs: number | null) => void;
}

const LOOK_EVERY_MS = 25;
/** A shorter wait is nobody's business. */
const TOLD_AFTER_MS = 250;
/** https://www.sqlite.org/rescode.html: SQLITE_BUSY, and the snapshot that a wait does not cure. */
const BUSY = 5;
const BUSY_SNAPSHOT = 517;

const isBusy = (error: unknown): boolean => {
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number };
  return code === 'ERR_SQLITE_ERROR' && errcode !== undefined && (errcode & 0xff) === BUSY && errcode !== BUSY_SNAPSHOT;
};

/** Tries a statement again while another process holds the file: a statement that met the lock has done nothing. */
class WaitingConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;
  readonly #wait: LockWait;

  constructor(inner: DatabaseConnection, wait: LockWait) {
    this.#inner = inner;
    this.#wait = wait;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    let beganMs: number | null = null;
    try {
      for (;;) {
        try {
          return await this.#inner.executeQuery<R>(query);
        } catch (error) {
          if (!isBusy(error)) throw error;
          beganMs ??= performance.now();
          const waitedMs = performance.now() - beganMs;
          if (waitedMs + LOOK_EVERY_MS > this.#wait.maxMs()) throw error;
          if (waitedMs > TOLD_AFTER_MS) this.#wait.onWait(waitedMs);
          await setTimeout(LOOK_EVERY_MS);
        }
      }
    } finally {
      if (beganMs !== null) this.#wait.onWait(null);
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery(query, chunkSize);
  }
}

/**
 * SQLite waits for a lock by blocking its thread, which is the only one: feed, page and timers would stand still as long. So the file is
 * asked without waiting, and again a moment later. Transactions take the write lock at once, so that none meets it halfway.
 */
export class WaitingSqliteDriver extends SqliteDriver implements Driver {
  readonly #wait: LockWait;

  constructor(config: ConstructorParameters<typeof SqliteDriver>[0], wait: LockWait) {
    super(config);
    this.#wait = wait;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new WaitingConnection(await super.acquireConnection(), this.#wait);
  }

  override async beginTransaction(connection: DatabaseConnection, _settings?: TransactionSettings): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}
