import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { deadLettersContract } from './dead-letters.contract.ts';

onEachDatabase(({ name, open }) =>
  deadLettersContract(name, async () => {
    const db = await open();
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
  }),
);
