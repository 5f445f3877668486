import { randomBytes } from 'node:crypto';
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import { badRequest, DataApiFailure, databaseError, mysqlFailure } from './data-api-failure.ts';

export interface DatabaseUser {
  readonly user: string;
  readonly password?: string;
}

export interface SessionsOptions {
  readonly server: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Who a secret stands for; null refuses it. */
  readonly userOf: (secretArn: string) => DatabaseUser | null | Promise<DatabaseUser | null>;
  readonly clock: Clock;
  readonly transactionIdleMs: number;
  readonly transactionAgeMs: number;
  /** True: an update counts rows that it found, as MySQL's JDBC drivers do; false: rows that it changed. */
  readonly countsFoundRows: boolean;
}

export interface Target {
  readonly secretArn: string;
  readonly database: string | null;
}

interface OpenTransaction {
  readonly connection: PoolConnection;
  readonly secretArn: string;
  readonly database: string | null;
  readonly ageTimer: TimerHandle;
  idleTimer: TimerHandle | null;
  busy: boolean;
}

const CONNECTIONS_MAX = 40;
const POOLS_MAX = 2000;

/** Connections by user and database, and the transactions that hold one each. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #transactions = new Map<string, OpenTransaction>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Runs something on a session of nobody in particular. */
  async alone<T>(target: Target, run: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await this.#connect(target);
    try {
      return await run(connection);
    } finally {
      connection.release();
    }
  }

  async begin(target: Target): Promise<string> {
    const connection = await this.#connect(target);
    try {
      await connection.query('start transaction');
    } catch (error) {
      connection.release();
      throw mysqlFailure(error);
    }
    const id = randomBytes(96).toString('base64');
    const ageTimer = this.#options.clock.setTimer(this.#options.transactionAgeMs, () => void this.#expire(id));
    const open: OpenTransaction = { connection, ...target, ageTimer, idleTimer: null, busy: false };
    this.#transactions.set(id, open);
    this.#rest(id, open);
    return id;
  }

  /**
   * Runs something in a transaction, which must be at rest. A failure of the service's own (not of MySQL) ends it. A database that
   * is named must be the one that it was begun with: https://github.com/aws/aws-sdk-js-v3/issues/2595
   */
  async within<T>(
    id: string,
    { secretArn, database }: Target,
    run: (connection: PoolConnection) => Promise<T>,
  ): Promise<T> {
    const open = this.#transactions.get(id);
    if (!open || open.secretArn !== secretArn) throw notFound(id);
    if (database !== null && database !== open.database) {
      throw badRequest(`Database name ${database} is not the same as transaction's ${open.database ?? 'none'}.`);
    }
    if (open.busy) throw databaseError('Transaction is still running a query.');
    open.busy = true;
    open.idleTimer?.cancel();
    try {
      return await run(open.connection);
    } catch (error) {
      if (error instanceof DataApiFailure && error.type !== 'DatabaseErrorException') await this.#expire(id);
      throw error;
    } finally {
      open.busy = false;
      this.#rest(id, open);
    }
  }

  async end(id: string, secretArn: string, how: 'commit' | 'rollback'): Promise<void> {
    await this.within(id, { secretArn, database: null }, async (connection) => {
      try {
        await connection.query(how);
      } catch (error) {
        throw mysqlFailure(error);
      }
    });
    this.#forget(id)?.connection.release();
  }

  async close(): Promise<void> {
    for (const id of [...this.#transactions.keys()]) this.#forget(id)?.connection.destroy();
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    this.#pools.clear();
  }

  #rest(id: string, open: OpenTransaction): void {
    if (this.#transactions.get(id) !== open) return;
    open.idleTimer = this.#options.clock.setTimer(this.#options.transactionIdleMs, () => void this.#expire(id));
  }

  #forget(id: string): OpenTransaction | undefined {
    const open = this.#transactions.get(id);
    this.#transactions.delete(id);
    open?.idleTimer?.cancel();
    open?.ageTimer.cancel();
    return open;
  }

  async #expire(id: string): Promise<void> {
    const open = this.#forget(id);
    if (!open) return;
    try {
      await open.connection.rollback();
      open.connection.release();
    } catch {
      // The server rolls back what a lost connection leaves.
      open.connection.destroy();
    }
  }

  async #connect({ secretArn, database }: Target): Promise<PoolConnection> {
    const user = await this.#options.userOf(secretArn);
    if (!user) throw new DataApiFailure(400, 'InvalidSecretException', `The secret ${secretArn} cannot be used.`);
    // With the password: a changed one needs connections of its own.
    const key = JSON.stringify([secretArn, database, user.user, user.password]);
    let pool = this.#pools.get(key);
    if (!pool) {
      if (this.#pools.size >= POOLS_MAX) throw badRequest('Too many databases.');
      pool = createPool({
        ...this.#options.server,
        ...user,
        ...(database === null ? {} : { database }),
        // Generated ids beyond 2^53 come as text instead of a number with other digits.
        supportBigNumbers: true,
        connectionLimit: CONNECTIONS_MAX,
        maxIdle: 4,
        idleTimeout: 10_000,
        charset: 'utf8mb4',
        flags: ['-IGNORE_SPACE', this.#options.countsFoundRows ? 'FOUND_ROWS' : '-FOUND_ROWS'],
      });
      this.#pools.set(key, pool);
    }
    try {
      return await pool.getConnection();
    } catch (error) {
      throw mysqlFailure(error);
    }
  }
}

const notFound = (id: string) =>
  new DataApiFailure(404, 'TransactionNotFoundException', `Transaction ${id} is not found`);
