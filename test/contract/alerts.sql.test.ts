import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { alertsContract } from './alerts.contract.ts';

onEachDatabase(({ name, open }) =>
  alertsContract(name, async () => {
    const db = await open();
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
  }),
);
