import { type Kysely, sql } from 'kysely';
import { createTable } from '../table-builder.ts';

/**
 * Heartbeats and slots by exchange: of one row for all, a live supervisor of one venue would vouch for another's. What the one venue
 * of an older database had written is carried over under the names without it; the release before goes on with its own table.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createTable(db, {
    name: 'exchange_jobs',
    columns: {
      exchange: 'name',
      job: 'name',
      last_slot_ms: 'bigint',
      last_ok_ms: 'bigint',
      last_error: 'text?',
      detail_json: 'text',
    },
    primaryKey: ['exchange', 'job'],
  });
  await sql`insert into exchange_jobs (exchange, job, last_slot_ms, last_ok_ms, last_error, detail_json)
    select s.exchange, replace(j.job, concat(':', s.exchange), ''), j.last_slot_ms, j.last_ok_ms, j.last_error, j.detail_json
    from job_state as j cross join system_state as s
    where not exists (select 1 from exchange_jobs as done where done.exchange = s.exchange)`.execute(db);
}
