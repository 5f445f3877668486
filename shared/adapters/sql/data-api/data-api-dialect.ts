import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
} from 'kysely';
import { DataApiCalls, type DataApiOptions } from './data-api-calls.ts';
import { DataApiError } from './data-api-error.ts';
import { type PagedRead, pagesOf } from './paged-read.ts';
import { resultRows } from './result-rows.ts';

/** Tries of a statement outside a transaction that met a deadlock: MySQL has undone it. */
const DEADLOCK_TRIES_MAX = 3;
const DEADLOCK_WAIT_MS = 50;
/** Rows of a first page: 1 MiB holds this many of 1 KB. */
const PAGE_ROWS = 1024;
const PAGED_TEXTS_MAX = 200;

/** Texts of reads that were too large for one response, with the rows of a page that was not. */
type PageSizes = Map<string, number>;

/**
 * A statement at a time outside a transaction, which may land in any session of the Data API; inside one also a statement at a
 * time, because the Data API refuses a second one while the first runs: they queue here.
 */
class DataApiConnection implements DatabaseConnection {
  readonly #calls: DataApiCalls;
  readonly #options: DataApiOptions;
  readonly #pageSizes: PageSizes;
  #transactionId: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(calls: DataApiCalls, options: DataApiOptions, pageSizes: PageSizes) {
    this.#calls = calls;
    this.#options = options;
    this.#pageSizes = pageSizes;
  }

  async begin(): Promise<void> {
    if (this.#transactionId !== undefined) throw new Error('a transaction is open on this connection');
    this.#transactionId = await this.#calls.begin();
  }

  commit(): Promise<void> {
    return this.#queued((id) => this.#calls.commit(id!), true);
  }

  rollback(): Promise<void> {
    return this.#queued((id) => this.#calls.rollback(id!), true);
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#transactionId === undefined
      ? this.#alone<R>(query)
      : this.#queued((id) => this.#once<R>(query.sql, query.parameters, id), false);
  }

  // biome-ignore lint/correctness/useYield: the interface wants a generator, and there is nothing to yield.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the Data API does not stream; page by key');
  }

  #queued<T>(run: (transactionId: string | undefined) => Promise<T>, ends: boolean): Promise<T> {
    const result = this.#last.then(() => {
      const id = this.#transactionId;
      if (ends) this.#transactionId = undefined;
      return run(id);
    });
    this.#last = result.catch(() => {});
    return result;
  }

  async #alone<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const pages = this.#pageSizes.has(query.sql) ? pagesOf(query) : null;
    if (pages) return { rows: await this.#inPages<R>(query.sql, pages) };
    for (let tried = 1; ; tried++) {
      try {
        return await this.#once<R>(query.sql, query.parameters, undefined);
      } catch (error) {
        const failure = error instanceof DataApiError ? error.failure : null;
        if (failure === 'response-too-large') {
          const parts = pagesOf(query);
          if (parts) return { rows: await this.#inPages<R>(query.sql, parts) };
        }
        if (failure !== 'deadlock' || tried >= DEADLOCK_TRIES_MAX) throw error;
        await this.#options.clock.sleep(DEADLOCK_WAIT_MS * tried);
      }
    }
  }

  /** One snapshot for all pages: rows that come and go meanwhile neither repeat nor hide others. */
  async #inPages<R>(text: string, pages: PagedRead): Promise<R[]> {
    for (let size = this.#pageSizes.get(text) ?? PAGE_ROWS; ; size = Math.ceil(size / 2)) {
      const id = await this.#calls.begin();
      try {
        const rows: R[] = [];
        for (;;) {
          const page = pages.page(rows.length, size);
          const read = page === null ? [] : (await this.#once<R>(page.sql, page.parameters, id)).rows;
          rows.push(...read);
          if (read.length < size) {
            this.#remember(text, size);
            return rows;
          }
        }
      } catch (error) {
        const tooLarge = error instanceof DataApiError && error.failure === 'response-too-large';
        if (!tooLarge || size === 1) throw error;
      } finally {
        await this.#calls.rollback(id);
      }
    }
  }

  /** What was too large once will be again: its next read begins with pages. */
  #remember(text: string, size: number): void {
    if (this.#pageSizes.size >= PAGED_TEXTS_MAX) this.#pageSizes.clear();
    this.#pageSizes.set(text, size);
  }

  async #once<R>(text: string, values: readonly unknown[], id: string | undefined): Promise<QueryResult<R>> {
    const output = await this.#calls.execute(text, values, id);
    if (output.columnMetadata !== undefined && output.columnMetadata.length > 0) {
      return { rows: resultRows(output.records ?? [], output.columnMetadata) as R[] };
    }
    const insertId = output.generatedFields?.[0];
    return {
      numAffectedRows: BigInt(output.numberOfRecordsUpdated ?? 0),
      ...(insertId === undefined ? {} : { insertId: BigInt(insertId.longValue ?? insertId.stringValue ?? 0) }),
      rows: [],
    };
  }
}

class DataApiDriver implements Driver {
  readonly #options: DataApiOptions;
  readonly #calls: DataApiCalls;
  readonly #pageSizes: PageSizes = new Map();

  constructor(options: DataApiOptions) {
    this.#options = options;
    this.#calls = new DataApiCalls(options);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new DataApiConnection(this.#calls, this.#options, this.#pageSizes);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as DataApiConnection).begin();
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as DataApiConnection).commit();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as DataApiConnection).rollback();
  }

  async releaseConnection(): Promise<void> {}

  /** The client belongs to the caller. */
  async destroy(): Promise<void> {}
}

/** MySQL over the RDS Data API. */
export function dataApiDialect(options: DataApiOptions): Dialect {
  return {
    createDriver: () => new DataApiDriver(options),
    createQueryCompiler: () => new MysqlQueryCompiler(),
    createAdapter: () => new MysqlAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new MysqlIntrospector(db),
  };
}
