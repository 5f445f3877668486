import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { up } from '#shared/adapters/sql/migrations/0006-exchange-jobs.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

onEachDatabase(({ name, open }) => {
  describe(`jobs of an older database: ${name}`, () => {
    it('keep their beats, slots and memory under the exchange that wrote them, however often the migration runs', async () => {
      const db = await open();
      await sql`insert into system_state (exchange, state, lock_mode, reason, changed_by, changed_at_ms, version, approved)
        values ('venue', 'HEALTHY', null, 'test', 'test', 1, 1, 1)`.execute(db);
      await sql`insert into job_state (job, last_slot_ms, last_ok_ms, last_error, detail_json) values
        ('run-supervisor', -1, 7, null, '{}'), ('janitor:venue', -1, 8, null, '{}'), ('slot:balance:0', 60000, 0, null, '{}'),
        ('trading-key:venue:main', -1, 0, 'dead', '{"sinceMs":5}')`.execute(db);

      await up(db as never);
      await up(db as never);

      expect(await sqlJobStateRepository(db, 'venue').all()).toEqual([
        { job: 'janitor', lastSlotMs: -1, lastOkMs: 8, lastError: null, detail: {} },
        { job: 'run-supervisor', lastSlotMs: -1, lastOkMs: 7, lastError: null, detail: {} },
        { job: 'slot:balance:0', lastSlotMs: 60_000, lastOkMs: 0, lastError: null, detail: {} },
        { job: 'trading-key:main', lastSlotMs: -1, lastOkMs: 0, lastError: 'dead', detail: { sinceMs: 5 } },
      ]);
      expect(await sqlJobStateRepository(db, 'other').all()).toEqual([]);
    });
  });
});
