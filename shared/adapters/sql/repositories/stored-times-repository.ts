import { type RawBuilder, sql } from 'kysely';
import { FUTURE_TOLERANCE_MS } from '#shared/core/age.ts';
import { HOUR_MS } from '#shared/core/time.ts';
import type { FutureTimes, StoredTimesRepository } from '#shared/ports/repositories/stored-times-repository.ts';
import type { Db } from '../open-database.ts';

interface Rule {
  readonly table: string;
  /** Told, and compared unless `guard` is. */
  readonly column: string;
  /** The row is of the future by this column. */
  readonly guard?: string;
  /** What is written: `old` for the time of a fact, `now` for that of a deed. */
  readonly to: 'old' | 'now';
  readonly also?: Readonly<Record<string, number>>;
  /** How far ahead it may be in good order. */
  readonly aheadMs?: number;
  /** The table has no column `exchange`. */
  readonly everywhere?: true;
}

const OLD_MS = 0;
const NONE = -1;

const RULES: readonly Rule[] = [
  { table: 'latest_prices', column: 'venue_time_ms', to: 'old' },
  { table: 'latest_prices', column: 'mark_time_ms', to: 'old' },
  { table: 'account_snapshots', column: 'venue_time_ms', to: 'old' },
  // With its snapshot, or what is in doubt would pass for what was believed.
  { table: 'account_money', column: 'venue_time_ms', to: 'old' },
  { table: 'positions', column: 'venue_time_ms', to: 'old' },
  // Whatever was fetched by such a clock is asked for again: it took the running bar for a closed one.
  {
    table: 'fetch_state',
    column: 'queued_at_ms',
    guard: 'updated_at_ms',
    to: 'old',
    also: { last_final_open_ms: NONE, failed_at_ms: NONE, failures: 0, updated_at_ms: OLD_MS },
  },
  { table: 'take_profit_state', column: 'last_venue_time_ms', to: 'now' },
  { table: 'position_epochs', column: 'settled_at_ms', to: 'now' },
  { table: 'position_epochs', column: 'adopted_at_ms', to: 'now' },
  { table: 'products', column: 'managed_since_ms', to: 'now' },
  { table: 'breaker_state', column: 'opened_at_ms', to: 'now' },
  { table: 'breaker_state', column: 'updated_at_ms', to: 'now' },
  { table: 'alerts', column: 'last_at_ms', to: 'now', everywhere: true },
  { table: 'exchange_jobs', column: 'last_slot_ms', to: 'now' },
  // A lease holds for minutes at most. Two machines are never that far apart, and a fence stops the one that lost.
  { table: 'leases', column: 'expires_at_ms', to: 'now', everywhere: true, aheadMs: HOUR_MS / 2 },
  { table: 'paper_accounts', column: 'looked_from_ms', to: 'now' },
  { table: 'paper_accounts', column: 'venue_time_ms', to: 'now' },
];

const nameOf = (rule: Rule): string => `${rule.table}.${rule.column}`;

const ahead = (rule: Rule, exchange: string, nowMs: number): RawBuilder<unknown> => {
  const limitMs = nowMs + (rule.aheadMs ?? FUTURE_TOLERANCE_MS);
  const isAhead = sql`${sql.ref(rule.guard ?? rule.column)} > ${limitMs}`;
  return rule.everywhere ? isAhead : sql`exchange = ${exchange} and ${isAhead}`;
};

/** Small tables, each with one row a symbol, an account, a job or an episode. */
export function sqlStoredTimesRepository(db: Db): StoredTimesRepository {
  return {
    async bringBack(exchange, nowMs) {
      const counts = RULES.map(
        (rule) =>
          sql`select ${sql.lit(nameOf(rule))} as what, count(*) as found, max(${sql.ref(rule.guard ?? rule.column)}) as newest
            from ${sql.table(rule.table)} where ${ahead(rule, exchange, nowMs)}`,
      );
      const { rows } = await sql<{ what: string; found: number; newest: number | null }>`${sql.join(
        counts,
        sql` union all `,
      )}`.execute(db);
      const found = rows.flatMap(({ what, found: count, newest }): FutureTimes[] =>
        Number(count) === 0 ? [] : [{ what, rows: Number(count), newestMs: Number(newest) }],
      );
      if (found.length === 0) return found;
      await db.transaction().execute(async (tx) => {
        for (const rule of RULES.filter((candidate) => found.some(({ what }) => what === nameOf(candidate)))) {
          const values = { [rule.column]: rule.to === 'now' ? nowMs : OLD_MS, ...rule.also };
          const set = Object.entries(values).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
          await sql`update ${sql.table(rule.table)} set ${sql.join(set)} where ${ahead(rule, exchange, nowMs)}`.execute(
            tx,
          );
        }
      });
      return found;
    },
  };
}
