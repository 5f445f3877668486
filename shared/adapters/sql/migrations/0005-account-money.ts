import type { Kysely } from 'kysely';
import { createTable } from '../table-builder.ts';

/** Of one account: the last money that was believed, and why the newest is not. A table of its own: the release before writes none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createTable(db, {
    name: 'account_money',
    columns: {
      exchange: 'name',
      account: 'name',
      venue_time_ms: 'bigint',
      mode: 'name?',
      believed_json: 'text?',
      doubt_json: 'text?',
    },
    primaryKey: ['exchange', 'account'],
  });
}
