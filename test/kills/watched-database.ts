import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
} from 'kysely';
import type { Database } from '#shared/adapters/sql/database.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqliteDialect } from '#shared/adapters/sql/sqlite-dialect.ts';
import type { KillPoint, KillVariant } from './kill-plan.ts';

/** Told of every place that an order's statements pass. May not return. */
export type Reached = (point: KillPoint, variant: KillVariant, clientOrderIds: readonly string[]) => void;

const CLIENT_ORDER_ID = /0x[0-9a-f]{32}/g;
const idsIn = (query: CompiledQuery): readonly string[] => [
  ...new Set(query.parameters.flatMap((p) => (typeof p === 'string' ? (p.match(CLIENT_ORDER_ID) ?? []) : []))),
];

/** What the open transaction has written so far. SQLite has one connection and runs one transaction at a time. */
interface Written {
  intents: readonly string[];
  order: readonly string[];
  end: boolean;
  fills: readonly string[];
}

/** Names the places of kill-plan.ts that lie between two statements of the platform. `heard` has the orders with a reply. */
export class StatementWatch {
  readonly #reached: Reached;
  readonly #heard: ReadonlySet<string>;
  #open: Written | null = null;

  constructor(reached: Reached, heard: ReadonlySet<string>) {
    this.#reached = reached;
    this.#heard = heard;
  }

  before(query: CompiledQuery): void {
    const { sql } = query;
    if (isIntents(sql)) this.#reached('before-intent', 'unwritten', idsIn(query));
    if (isEnqueued(sql)) this.#reached('intent-send', 'unqueued', idsIn(query));
    if (isSending(query)) this.#reached('intent-send', 'unmarked', idsIn(query));
    if (sql !== 'commit' || !this.#open) return;
    const { intents, order, end } = this.#open;
    if (intents.length > 0) this.#reached('before-intent', 'uncommitted', intents);
    if (!order.some((id) => this.#heard.has(id))) return;
    this.#reached('reply-store', end ? 'end-uncommitted' : 'answer-uncommitted', order);
  }

  after(query: CompiledQuery): void {
    const { sql } = query;
    if (isSending(query)) this.#reached('intent-send', 'marked', idsIn(query));
    else if (sql === 'begin') this.#open = { intents: [], order: [], end: false, fills: [] };
    else if (sql === 'rollback') this.#open = null;
    else if (sql === 'commit') this.#committed();
    else if (this.#open) note(this.#open, query);
  }

  #committed(): void {
    const written = this.#open;
    this.#open = null;
    if (!written) return;
    const { intents, order, end, fills } = written;
    if (intents.length > 0) this.#reached('intent-send', 'unrelayed', intents);
    if (fills.length > 0) this.#reached('after-store', 'filled', fills);
    if (order.some((id) => this.#heard.has(id))) this.#reached('after-store', end ? 'ended' : 'answered', order);
  }
}

function note(open: Written, query: CompiledQuery): void {
  const { sql } = query;
  if (isIntents(sql)) open.intents = idsIn(query);
  else if (sql.startsWith('update "order_execution_log"')) open.order = [...open.order, ...idsIn(query)];
  else if (sql.startsWith('insert into "position_epochs"')) open.end = true;
  else if (sql.startsWith('insert into "fills"')) open.fills = idsIn(query);
}

const isIntents = (sql: string): boolean => sql.startsWith('insert into "order_execution_log"');
const isEnqueued = (sql: string): boolean => sql.startsWith('update "order_outbox" set "enqueued_at_ms"');
const isSending = ({ sql, parameters }: CompiledQuery): boolean =>
  sql.startsWith('update "order_execution_log" set "status"') && parameters[0] === 'sending';

/** The platform's own SQLite file, with every statement told to `watch` before it runs and after it ran. */
export function watchedDatabase(path: string, watch: StatementWatch): Db {
  return new Kysely<Database>({ dialect: watchedDialect(sqliteDialect({ path }), watch) });
}

function watchedDialect(inner: Dialect, watch: StatementWatch): Dialect {
  return {
    createDriver: () => watchedDriver(inner.createDriver(), watch),
    createQueryCompiler: () => inner.createQueryCompiler(),
    createAdapter: () => inner.createAdapter(),
    createIntrospector: (db) => inner.createIntrospector(db),
  };
}

function watchedDriver(inner: Driver, watch: StatementWatch): Driver {
  const originals = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const wrap = (connection: DatabaseConnection): DatabaseConnection => {
    const watched: DatabaseConnection = {
      executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
        watch.before(query);
        const result = await connection.executeQuery<R>(query);
        watch.after(query);
        return result;
      },
      streamQuery: () => {
        throw new Error('no query of the platform streams');
      },
    };
    originals.set(watched, connection);
    return watched;
  };
  return {
    init: () => inner.init(),
    acquireConnection: async () => wrap(await inner.acquireConnection()),
    // The driver's own statements (`begin`, `commit`, `rollback`) go through the watched connection too.
    beginTransaction: (connection, settings) => inner.beginTransaction(connection, settings),
    commitTransaction: (connection) => inner.commitTransaction(connection),
    rollbackTransaction: (connection) => inner.rollbackTransaction(connection),
    releaseConnection: (connection) => inner.releaseConnection(originals.get(connection) ?? connection),
    destroy: () => inner.destroy(),
  };
}
