import { afterEach } from 'vitest';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { alertsContract } from './alerts.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

alertsContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  const clock = manualClock();
  const stored = async () =>
    (await db.selectFrom('alerts').selectAll().orderBy('id').execute()).map((row) => ({
      id: row.id,
      severity: row.severity,
      message: row.message,
      count: row.count,
      firstAtMs: row.first_at_ms,
      lastAtMs: row.last_at_ms,
    }));
  return { alerts: sqlAlerts(db, clock), setNowMs: clock.set, stored };
});
