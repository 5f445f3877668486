import { afterEach } from 'vitest';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { deadLettersContract } from './dead-letters.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

deadLettersContract('sqlite', async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  const clock = manualClock();
  const stored = async () =>
    (await db.selectFrom('dead_letters').selectAll().orderBy('record_id').execute()).map((row) => ({
      source: row.source,
      recordId: row.record_id,
      error: row.error,
      payload: row.payload,
      attempts: row.attempts,
      failedAtMs: row.failed_at_ms,
    }));
  return { deadLetters: sqlDeadLetters(db, clock), setNowMs: clock.set, stored };
});
