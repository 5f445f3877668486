import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createPrivate, privateDatabaseFile } from '#shared/adapters/system/private-file.ts';

/** Rows of one commit. Bodies are JSON text; keys are natural, so writing a row again changes nothing. */
export interface Commit {
  readonly values: readonly { readonly key: string; readonly body: string }[];
  readonly orders: readonly { readonly oid: number; readonly body: string }[];
  readonly fills: readonly { readonly tid: number; readonly user: string; readonly body: string }[];
  readonly events: readonly string[];
  readonly candles: readonly { readonly coin: string; readonly t: number; readonly body: string }[];
  /** Last trades: a ring per market, `slot` is the trade's number modulo its length. */
  readonly trades: readonly { readonly coin: string; readonly slot: number; readonly body: string }[];
}

/** What the simulator keeps: one SQLite file, written before anything is answered. */
export class StateStore {
  readonly #path: string;
  #db: DatabaseSync;
  #statements: Record<'value' | 'order' | 'fill' | 'event' | 'candle' | 'trade', StatementSync>;

  /** Creates the file and its tables when they are missing. @throws when the file cannot be opened or is not a database. */
  constructor(path: string) {
    this.#path = path;
    this.#db = open(path);
    this.#statements = prepare(this.#db);
  }

  /** All rows in one transaction, or none. */
  commit(commit: Commit): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const row of commit.values) this.#statements.value.run(row.key, row.body);
      for (const row of commit.orders) this.#statements.order.run(row.oid, row.body);
      for (const row of commit.fills) this.#statements.fill.run(row.tid, row.user, row.body);
      for (const body of commit.events) this.#statements.event.run(body);
      for (const row of commit.candles) this.#statements.candle.run(row.coin, row.t, row.body);
      for (const row of commit.trades) this.#statements.trade.run(row.coin, row.slot, row.body);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  values(): Map<string, string> {
    const rows = this.#db.prepare('SELECT key, body FROM state').all() as { key: string; body: string }[];
    return new Map(rows.map((row) => [row.key, row.body]));
  }

  /** Oldest first. */
  *orders(): Iterable<string> {
    for (const row of this.#db.prepare('SELECT body FROM orders ORDER BY oid').iterate()) yield String(row.body);
  }

  /** Oldest first. */
  *fills(): Iterable<{ user: string; body: string }> {
    for (const row of this.#db.prepare('SELECT user, body FROM fills ORDER BY tid').iterate()) {
      yield { user: String(row.user), body: String(row.body) };
    }
  }

  /** The newest `limit`, oldest first. */
  events(limit: number): string[] {
    const rows = this.#db.prepare('SELECT body FROM events ORDER BY seq DESC LIMIT ?').all(limit);
    return rows.map((row) => String(row.body)).reverse();
  }

  /** The newest bars of one market, oldest first. */
  candles(coin: string, limit: number): string[] {
    const rows = this.#db.prepare('SELECT body FROM candles WHERE coin = ? ORDER BY t DESC LIMIT ?').all(coin, limit);
    return rows.map((row) => String(row.body)).reverse();
  }

  /** Last trades of one market, in no order. */
  trades(coin: string): string[] {
    const rows = this.#db.prepare('SELECT body FROM trades WHERE coin = ?').all(coin);
    return rows.map((row) => String(row.body));
  }

  /** Writes everything to another file, replacing it only when complete. */
  snapshotTo(path: string): void {
    const temporary = `${path}.part`;
    rmSync(temporary, { force: true });
    // An empty file is taken for none.
    createPrivate(temporary);
    this.#db.prepare('VACUUM INTO ?').run(temporary);
    renameSync(temporary, path);
  }

  /** Replaces everything by what a snapshot holds. @throws when the snapshot cannot be read. */
  restoreFrom(path: string): void {
    const temporary = `${this.#path}.part`;
    copyFileSync(path, temporary);
    open(temporary).close();
    this.#db.close();
    for (const suffix of ['-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
    renameSync(temporary, this.#path);
    this.#db = open(this.#path);
    this.#statements = prepare(this.#db);
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

function open(path: string): DatabaseSync {
  privateDatabaseFile(path);
  const db = new DatabaseSync(path);
  // Without fsync a commit is still in the operating system's hands when it returns: a killed process loses nothing, a
  // power cut may. With it, the checkpoints would stall the market for tens of milliseconds.
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    PRAGMA busy_timeout = 2000;
    CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS orders (oid INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS fills (tid INTEGER PRIMARY KEY, user TEXT NOT NULL, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS candles (coin TEXT, t INTEGER, body TEXT NOT NULL, PRIMARY KEY (coin, t)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS trades (coin TEXT, slot INTEGER, body TEXT NOT NULL, PRIMARY KEY (coin, slot)) WITHOUT ROWID;
  `);
  return db;
}

const prepare = (db: DatabaseSync) => ({
  value: db.prepare('INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body'),
  order: db.prepare('INSERT INTO orders VALUES (?, ?) ON CONFLICT (oid) DO UPDATE SET body = excluded.body'),
  fill: db.prepare('INSERT OR IGNORE INTO fills VALUES (?, ?, ?)'),
  event: db.prepare('INSERT INTO events (body) VALUES (?)'),
  candle: db.prepare('INSERT INTO candles VALUES (?, ?, ?) ON CONFLICT (coin, t) DO UPDATE SET body = excluded.body'),
  trade: db.prepare('INSERT INTO trades VALUES (?, ?, ?) ON CONFLICT (coin, slot) DO UPDATE SET body = excluded.body'),
});
