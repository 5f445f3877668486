import { type Kysely, sql } from 'kysely';
import type { Clock } from '#shared/ports/clock.ts';
import { migrate } from './migrate.ts';
import { tradingTables } from './migrations/0001-trading-tables.ts';
import type { Db } from './open-database.ts';
import { sqlLeasesRepository } from './repositories/leases-repository.ts';
import { createTable } from './table-builder.ts';

const LEASE = 'migrations';
/** Longer than the Data API lets one statement run. */
const LEASE_MS = 120_000;
const WAIT_MS_MAX = 300_000;
const POLL_MS = 1_000;

export interface MigrationLock {
  readonly clock: Clock;
  /** Another one for every attempt: the id of an invocation. */
  readonly holder: string;
  /** How long to wait for another migration to end (default five minutes). */
  readonly waitMsMax?: number;
}

/**
 * `migrate` for a database that several processes share. One at a time by a row, because calls of the Data API share no session
 * that could hold a lock of MySQL's; the row runs out when its holder dies. MySQL commits before and after each statement of
 * DDL, so a migration that was cut off stays half done: every step can be run again. Throws when the row cannot be had or is lost,
 * and when the server is set up so that it would cut what it stores or lock less than the repositories need.
 */
export async function migrateLocked(db: Db, lock: MigrationLock): Promise<readonly string[]> {
  const { clock, holder } = lock;
  await refuseLaxServer(db);
  // The one table that must be there first; its own migration finds it made.
  await createTable(db as Kysely<unknown>, tradingTables.find((table) => table.name === 'leases')!);
  const leases = sqlLeasesRepository(db);
  const take = () => leases.acquire(LEASE, holder, clock.nowMs(), LEASE_MS);
  const untilMs = clock.nowMs() + (lock.waitMsMax ?? WAIT_MS_MAX);
  let lease = await take();
  while (lease === null) {
    if (clock.nowMs() >= untilMs) throw new Error('another migration of this database has not ended');
    await clock.sleep(POLL_MS);
    lease = await take();
  }
  let held = lease;
  const keep = async (): Promise<void> => {
    if (held.expiresAtMs - clock.nowMs() > LEASE_MS / 2) return;
    const renewed = await take();
    if (renewed === null || renewed.fence !== held.fence) throw new Error('the lock of the migration was lost');
    held = renewed;
  };
  try {
    const watched = db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        await keep();
        return result;
      },
    });
    return await migrate(watched as Kysely<unknown>);
  } finally {
    await leases.release(held);
  }
}

/** No call of the Data API can set a session: what the repositories rely on is in the cluster's parameter group. */
async function refuseLaxServer(db: Db): Promise<void> {
  const { rows } = await sql<Record<string, unknown>>`
    show variables where variable_name in ('sql_mode', 'tx_isolation', 'transaction_isolation')`.execute(db);
  const values = rows.map((row) => Object.values(row).map(String));
  const mode = values.find(([name]) => name === 'sql_mode')?.[1] ?? '';
  const isolation = values.find(([name]) => name !== 'sql_mode')?.[1] ?? '';
  const problems = [
    ...(/\bSTRICT_(TRANS|ALL)_TABLES\b/.test(mode)
      ? []
      : ['sql_mode lacks STRICT_TRANS_TABLES: text that is too long would be cut']),
    ...(/\b(ANSI_QUOTES|NO_BACKSLASH_ESCAPES)\b/.test(mode) ? ['sql_mode changes how text is quoted'] : []),
    ...(isolation === 'REPEATABLE-READ' ? [] : [`transactions are ${isolation}, not REPEATABLE-READ`]),
  ];
  if (problems.length > 0)
    throw new Error(`the database is not set up for 3T (cluster parameter group): ${problems.join('; ')}`);
}
