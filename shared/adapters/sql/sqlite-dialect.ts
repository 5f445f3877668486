import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseIntrospector,
  type DataTypeNode,
  type Dialect,
  type Kysely,
  type OnDuplicateKeyNode,
  type QueryId,
  type RootOperationNode,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { privateDatabaseFile } from '../system/private-file.ts';
import { shortestDecimal } from './stored-decimal.ts';
import { type LockWait, WaitingSqliteDriver } from './waiting-driver.ts';

/** Has TEXT affinity, and tells money from other text when it is read. */
const MONEY_TYPE = 'decimal_text';

/** Compiles the MySQL-flavoured queries of this project for SQLite: upserts, `VALUES(c)` and column types. */
class SqliteFlavour extends SqliteQueryCompiler {
  protected override visitOnDuplicateKey(node: OnDuplicateKeyNode): void {
    this.append('on conflict do update set ');
    this.compileList(node.updates);
  }

  protected override visitDataType(node: DataTypeNode): void {
    const type = node.dataType;
    // NUMERIC affinity would turn '0.10' into a float: money stays text.
    if (type.startsWith('decimal')) this.append(MONEY_TYPE);
    else if (type.startsWith('varchar')) this.append('text');
    else super.visitDataType(node);
  }

  override compileQuery(node: RootOperationNode, queryId: QueryId): CompiledQuery {
    const compiled = super.compileQuery(node, queryId);
    if (!compiled.sql.includes('values("')) return compiled;
    return { ...compiled, sql: compiled.sql.replaceAll(/\bvalues\("(\w+)"\)/g, 'excluded."$1"') };
  }
}

const STATEMENT_CACHE_MAX = 300;

interface Prepared {
  readonly reader: boolean;
  all(parameters: readonly unknown[]): unknown[];
  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>;
}

/** What Kysely's driver says around a transaction, inside another one. */
const SAVEPOINTS: Readonly<Record<string, string>> = {
  begin: 'savepoint inner_tx',
  commit: 'release inner_tx',
  rollback: 'rollback to inner_tx; release inner_tx',
};

const plain = (run: () => void): Prepared => ({
  reader: false,
  all: () => [],
  run: () => {
    run();
    return { changes: 0, lastInsertRowid: 0 };
  },
  iterate: () => [].values(),
});

type Row = Record<string, unknown>;

function inShortestDigits(rows: Row[], money: readonly string[]): Row[] {
  for (const row of rows) {
    for (const column of money) {
      const text = row[column];
      if (typeof text === 'string') row[column] = shortestDecimal(text);
    }
  }
  return rows;
}

type HandleOptions = Pick<SqliteOptions, 'commitAtClose' | 'lockWait' | 'onStatement'>;

/** The few methods that Kysely's driver wants, over node:sqlite, with prepared statements kept. */
function asKyselyDatabase(db: DatabaseSync, { commitAtClose, onStatement }: HandleOptions) {
  if (commitAtClose) db.exec('begin');
  const timed = <T>(run: () => T): T => {
    if (!onStatement) return run();
    const began = performance.now();
    const result = run();
    onStatement(performance.now() - began);
    return result;
  };
  const cache = new Map<string, Prepared>();
  return {
    prepare(text: string): Prepared {
      const known = cache.get(text);
      if (known) return known;
      const inner = commitAtClose ? SAVEPOINTS[text] : undefined;
      if (inner) return plain(() => db.exec(inner));
      const statement: StatementSync = db.prepare(text);
      const columns = statement.columns();
      const money = columns.filter((column) => column.type === MONEY_TYPE).map((column) => column.name);
      const all = (parameters: readonly unknown[]) => timed(() => statement.all(...(parameters as never[])));
      const prepared: Prepared = {
        reader: columns.length > 0,
        all: money.length === 0 ? all : (parameters) => inShortestDigits(all(parameters), money),
        run: (parameters) => timed(() => statement.run(...(parameters as never[]))),
        iterate: (parameters) => statement.iterate(...(parameters as never[])) as IterableIterator<unknown>,
      };
      if (cache.size >= STATEMENT_CACHE_MAX) cache.delete(cache.keys().next().value!);
      cache.set(text, prepared);
      return prepared;
    },
    close: () => {
      cache.clear();
      if (commitAtClose) db.exec('commit');
      db.close();
    },
  };
}

export interface SqliteOptions {
  /** File path, or `:memory:`. */
  readonly path: string;
  /** How long opening waits for a locked file, and blocks. */
  readonly busyTimeoutMs?: number;
  /** How a statement waits for one, without blocking. Absent: it blocks for `busyTimeoutMs`. */
  readonly lockWait?: LockWait;
  /**
   * One transaction from opening to closing, in which every transaction of a caller is a savepoint; nobody else may open the
   * file meanwhile. For a replay, whose file counts only at its checkpoints: a kill in between leaves it unusable.
   */
  readonly commitAtClose?: boolean;
  /** Told the milliseconds of each statement: for a profile. */
  readonly onStatement?: (durationMs: number) => void;
}

/**
 * Kysely dialect over Node's own SQLite. WAL with synchronous FULL: neither a killed process nor a power cut loses what
 * was committed, and with it an intent that was sent. With NORMAL the latter loses what came after the last checkpoint.
 * Opening throws node:sqlite's error for an unreadable, locked or full file.
 */
export function sqliteDialect(options: SqliteOptions): Dialect {
  return sqliteDialectOver(() => {
    privateDatabaseFile(options.path);
    const db = new DatabaseSync(options.path);
    db.exec(`pragma busy_timeout = ${Math.trunc(options.busyTimeoutMs ?? 2000)}`);
    db.exec('pragma temp_store = memory');
    if (options.commitAtClose) {
      db.exec('pragma locking_mode = exclusive');
      db.exec('pragma journal_mode = truncate');
      db.exec('pragma synchronous = off');
      db.exec('pragma cache_size = -16384');
    } else {
      db.exec('pragma journal_mode = wal');
      db.exec('pragma synchronous = full');
      // 32 MB. The same few pages change all the time: seldom checkpoints write and sync far less, and stop fewer orders.
      db.exec('pragma wal_autocheckpoint = 8000');
    }
    if (options.lockWait) db.exec('pragma busy_timeout = 0');
    return db;
  }, options);
}

/** The same over a handle that the caller opens. */
export function sqliteDialectOver(open: () => DatabaseSync, options: HandleOptions = {}): Dialect {
  return {
    createDriver: () => {
      const config = { database: async () => asKyselyDatabase(open(), options) as never };
      return options.lockWait ? new WaitingSqliteDriver(config, options.lockWait) : new SqliteDriver(config);
    },
    createQueryCompiler: () => new SqliteFlavour(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db: Kysely<unknown>): DatabaseIntrospector => new SqliteIntrospector(db),
  };
}
