import { sql } from 'kysely';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { memoryDatabase } from './memory-database.ts';

/** The dead letters of a SQLite database, with a look at them: oldest first. */
export function storedDeadLetters(clock: Clock, db: Db = memoryDatabase()) {
  const letters = async () => {
    const rows = await db.selectFrom('dead_letters').selectAll().orderBy(sql`rowid`).execute();
    return rows.map(({ id: _, record_id, failed_at_ms, ...row }) => ({
      ...row,
      recordId: record_id,
      failedAtMs: failed_at_ms,
    }));
  };
  return { ...sqlDeadLetters(db, clock), letters };
}
