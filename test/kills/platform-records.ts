import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isEnded, type OrderStatus } from '#shared/core/orders/order.ts';

export interface OrderRow {
  readonly client_order_id: string;
  readonly symbol: string;
  readonly epoch: number;
  readonly order_class: string;
  readonly side: string;
  readonly size: string;
  readonly reduce_only: number;
  readonly status: OrderStatus;
  readonly filled_size: string;
  readonly error_code: string | null;
  readonly created_at_ms: number;
  readonly sent_at_ms: number | null;
  readonly ended_at_ms: number | null;
  /** Of the decision that asked for it; null when there is none. */
  readonly desired_size: string | null;
  readonly decision: string | null;
}

/** What the platform has on disk, read by somebody else than the platform. */
export interface PlatformRecords {
  readonly state: { readonly state: string; readonly changed_at_ms: number } | null;
  readonly audit: readonly { readonly to_state: string; readonly at_ms: number }[];
  readonly orders: readonly OrderRow[];
  readonly pendingOutbox: number;
  readonly fills: readonly {
    readonly trade_id: string;
    readonly venue_order_id: string;
    readonly client_order_id: string | null;
    readonly size: string;
    readonly price: string;
    readonly ours: number;
  }[];
  readonly epochs: readonly { readonly symbol: string; readonly epoch: number; readonly hold_reason: string | null }[];
  /** The newest decision of each symbol. */
  readonly decisions: readonly {
    readonly symbol: string;
    readonly kind: string;
    readonly code: string;
    readonly actual_size: string | null;
    readonly last_at_ms: number;
  }[];
  readonly alerts: readonly { readonly id: string; readonly kind: string; readonly message: string }[];
  readonly deadLetters: number;
  readonly liveRuns: number;
}

export function readRecords(path: string): PlatformRecords {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  try {
    // One look: nothing may change between two of these reads.
    db.exec('begin');
    const all = (sql: string) => db.prepare(sql).all() as never;
    const one = (sql: string) => (db.prepare(sql).get() ?? null) as never;
    const count = (sql: string) => Number((db.prepare(sql).get() as { n: number }).n);
    return {
      state: one('select state, changed_at_ms from system_state'),
      audit: all('select to_state, at_ms from system_state_audit order by version'),
      orders: all(`select o.client_order_id, o.symbol, o.epoch, o.order_class, o.side, o.size, o.reduce_only, o.status,
          o.filled_size, o.error_code, o.created_at_ms, o.sent_at_ms, o.ended_at_ms, d.desired_size, d.id as decision
        from order_execution_log o left join decisions d on d.id = o.decision_id
        order by o.symbol, o.epoch, o.leg`),
      pendingOutbox: count('select count(*) as n from order_outbox where acked_at_ms is null'),
      fills: all('select trade_id, venue_order_id, client_order_id, size, price, ours from fills order by trade_id'),
      epochs: all('select symbol, epoch, hold_reason from position_epochs'),
      decisions: all(`select symbol, kind, code, actual_size, last_at_ms from decisions d
        where not exists (select 1 from decisions n where n.symbol = d.symbol
          and (n.last_at_ms > d.last_at_ms or (n.last_at_ms = d.last_at_ms and n.rowid > d.rowid)))`),
      alerts: all('select id, kind, message from alerts'),
      deadLetters: count('select count(*) as n from dead_letters'),
      liveRuns: count('select count(*) as n from runs where ended_at_ms is null'),
    };
  } finally {
    db.close();
  }
}

/** The files that a dead process left, on a copy: what is found there is not yet repaired by the next start. */
export function readDead(path: string): { readonly integrity: string; readonly records: PlatformRecords | null } {
  if (!existsSync(path)) return { integrity: 'ok', records: null };
  const dir = mkdtempSync(join(tmpdir(), '3t-kill-copy-'));
  try {
    const copy = join(dir, 'copy.sqlite');
    for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    const db = new DatabaseSync(copy);
    let hasTables: boolean;
    let integrity: string;
    try {
      const rows = db.prepare('pragma integrity_check').all();
      integrity = rows.map((row) => String(row.integrity_check)).join('; ');
      hasTables = db.prepare("select 1 from sqlite_master where name = 'installation'").get() !== undefined;
    } finally {
      db.close();
    }
    return { integrity, records: hasTables ? readRecords(copy) : null };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface Quiet {
  readonly since: number;
  readonly symbols: readonly string[];
}

/** What the platform still has to do before it holds what it desires; empty means quiet. */
export function unfinished(records: PlatformRecords, { since, symbols }: Quiet): readonly string[] {
  const { state } = records;
  if (state === null || state.state !== 'HEALTHY' || state.changed_at_ms < since) {
    return [`the system is ${state?.state ?? 'without a state'}, not HEALTHY since this start`];
  }
  const working = records.orders.filter((order) => !isEnded(order.status));
  const left = working.map((o) => `order ${o.client_order_id} of ${o.symbol} is ${o.status}`);
  if (records.pendingOutbox > 0) left.push(`${records.pendingOutbox} outbox rows are not acknowledged`);
  for (const symbol of symbols) {
    const decision = records.decisions.find((d) => d.symbol === symbol);
    const lastEndMs = Math.max(
      state.changed_at_ms,
      ...records.orders.filter((o) => o.symbol === symbol).map((o) => o.ended_at_ms ?? 0),
    );
    if (decision?.kind !== 'in-sync' || decision.last_at_ms <= lastEndMs) {
      left.push(`${symbol}: last decision ${decision?.kind ?? 'none'} ${decision?.code ?? ''}`.trim());
    }
  }
  return left;
}
