import { sql } from 'kysely';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { memoryDatabase } from './memory-database.ts';

/** The alerts of a SQLite database, with a look at its episodes: oldest first. */
export function storedAlerts(clock: Clock, db: Db = memoryDatabase()) {
  const raised = async () => {
    const rows = await db.selectFrom('alerts').selectAll().orderBy(sql`rowid`).execute();
    return rows.map(({ detail_json, first_at_ms, last_at_ms, notified_at_ms: _, ...row }) => ({
      ...row,
      detail: JSON.parse(detail_json) as Parameters<Alerts['raise']>[0]['detail'],
      firstAtMs: first_at_ms,
      lastAtMs: last_at_ms,
    }));
  };
  return { ...sqlAlerts(db, clock), raised };
}
